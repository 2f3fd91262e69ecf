"""One policy over the history: what served each window, what was decided at its end, and what came of it.

What is decided at the end of a window knows what was known then; a model that is admitted serves from the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pipelines.backtest.admission import Admission
from pipelines.backtest.history import History
from pipelines.backtest.policies import Policy, by_calendar
from pipelines.backtest.watching import Monitor, Served
from pipelines.drift.policy import Answer, Decision, RetrainState, decide
from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, Severity
from pipelines.gates.evaluation import Evaluation
from pipelines.interval import parse_time
from pipelines.retrain.gain import Gap, expected_gain
from pipelines.retrain.signals import signals_of
from pipelines.spec_words import HIGHER_IS_BETTER

SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True)
class Turn:
    """One window. served: which fit. severity: the monitor's; alarmed: whether it reached what the policy acts at,
    None for a policy that does not listen. admitted: whether the candidate took force, None where none was trained;
    refused: by which gates, in words."""

    part: str
    served: int
    severity: Severity
    alarmed: bool | None
    answer: Answer
    reason: str
    admitted: bool | None = None
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    policy: Policy
    turns: list[Turn]

    @property
    def served(self) -> Served:
        return tuple(turn.served for turn in self.turns)

    @property
    def trained(self) -> list[int]:
        """The fits that it asked for, also those that were refused."""
        return [number + 1 for number, turn in enumerate(self.turns) if turn.admitted is not None]


@dataclass(frozen=True)
class Known:
    """What a policy has done so far. champion: the fit in force. tried: candidates held against it. trained: all fits
    that it asked for. failures: of these, how many failed since one passed. consumed: identities of signals."""

    champion: int = 0
    tried: int = 0
    trained: tuple[int, ...] = ()
    failures: int = 0
    consumed: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True)
class Replay:
    """All policies share what the monitor saw and what the gates said."""

    history: History
    monitor: Monitor
    admission: Admission

    def run(self, policies: Sequence[Policy], say: Callable[[str], None]) -> list[Run]:
        """All policies side by side, a window after the other, so that no window's rows are read twice."""
        known = [Known() for _ in policies]
        turns: list[list[Turn]] = [[] for _ in policies]
        for window, past in enumerate(self.history.windows):
            say(f"replaying {past.part}")
            for position, policy in enumerate(policies):
                served = tuple(turn.served for turn in turns[position])
                turn, known[position] = self._turn(policy, known[position], window, served)
                turns[position].append(turn)
        return [Run(policy, own) for policy, own in zip(policies, turns, strict=True)]

    def _turn(self, policy: Policy, known: Known, window: int, served: Served) -> tuple[Turn, Known]:
        report = self.monitor.report((*served, known.champion))
        decision = self._decide(policy, known, window, report)
        turn = Turn(
            part=report.part,
            served=known.champion,
            severity=report.severity,
            alarmed=_alarmed(policy, report.severity),
            answer=decision.answer,
            reason=decision.reason,
        )
        # After the last window nothing is served that a training could change.
        if decision.answer != "retrain" or window + 1 == len(self.history.windows):
            return turn, known
        evaluation = self.admission.evaluation(known.champion, window + 1, known.tried + 1)
        admitted = evaluation.verdict == "pass"
        refused = [f"{gate.kind} on {gate.metric}: {gate.sentence}" for gate in evaluation.stopped_by]
        after = self._after(known, window + 1, decision, evaluation)
        return replace(turn, admitted=admitted, refused=refused), after

    def _decide(self, policy: Policy, known: Known, window: int, report: DriftReport) -> Decision:
        as_of = self.history.windows[window].interval.as_of
        if policy.every_months:
            newest = known.trained[-1] if known.trained else known.champion
            return by_calendar(policy, as_of, last=self.history.fits[newest].as_of)
        if policy.rule is None:
            return Decision("wait", policy.words)
        return decide(policy.rule, self._state(known, window, as_of, report), signals_of(report))

    def _state(self, known: Known, window: int, as_of: datetime, report: DriftReport) -> RetrainState:
        champion = self.history.fits[known.champion]
        of_month = [fit for fit in known.trained if _same_month(self.history.fits[fit].as_of, as_of)]
        return RetrainState(
            as_of=as_of,
            champion_version=known.champion + 1,
            champion_since=champion.as_of,
            trained_until=champion.as_of,
            scored_by=report.model_version,
            quality=report.quality_severity,
            cause=report.attribution.cause,
            sentence=report.attribution.sentence,
            expected_gain=expected_gain(known.gaps, (as_of - champion.as_of) / timedelta(days=1)),
            new_partitions=window + 1 - known.champion,
            retrained_at=self.history.fits[known.trained[-1]].as_of if known.trained else None,
            failures=known.failures,
            retrains=len(of_month),
            gpu_hours=sum(self.history.fits[fit].gpu_s for fit in of_month) / SECONDS_AN_HOUR,
            consumed=list(known.consumed),
        )

    def _after(self, known: Known, candidate: int, decision: Decision, evaluation: Evaluation) -> Known:
        passed = evaluation.verdict == "pass"
        return Known(
            champion=candidate if passed else known.champion,
            tried=0 if passed else known.tried + 1,
            trained=(*known.trained, candidate),
            failures=0 if passed else known.failures + (evaluation.verdict == "fail"),
            consumed=(*known.consumed, *decision.acted_on),
            gaps=(*known.gaps, *self._gaps(known.champion, evaluation)),
        )

    def _gaps(self, champion: int, evaluation: Evaluation) -> list[Gap]:
        """Of a fresh model and the champion on the same rows; none where the champion did not score all of them."""
        metric, measured = self.history.spec.monitoring.metric, evaluation.metrics
        if "champion" not in measured or evaluation.champion_rows != evaluation.rows:
            return []
        gain = measured["candidate"][metric].value - measured["champion"][metric].value
        older = parse_time(evaluation.window[0]) - self.history.fits[champion].as_of
        return [Gap(older / timedelta(days=1), gain if metric in HIGHER_IS_BETTER else -gain)]


def _alarmed(policy: Policy, severity: Severity) -> bool | None:
    if policy.rule is None:
        return None
    return ORDER.index(severity) >= ORDER.index(policy.rule.at_severity)


def _same_month(one: datetime, other: datetime) -> bool:
    return (one.year, one.month) == (other.year, other.month)
