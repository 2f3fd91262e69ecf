"""A backtest: the policies that were asked for, replayed, measured and compared."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any

from pipelines.backtest.admission import Admission, judged_gates
from pipelines.backtest.history import History, Say, gather_history
from pipelines.backtest.oracle import best_sequence
from pipelines.backtest.outcome import Measures, Outcome, measures_of, outcome_of, paired_gain
from pipelines.backtest.policies import Policy, policies_of, usual
from pipelines.backtest.recommendation import Recommendation, recommend
from pipelines.backtest.replay import Replay, Run, Turn
from pipelines.backtest.watching import Monitor, Served
from pipelines.dataset import validated_partitions
from pipelines.errors import MissingInput
from pipelines.interval import Interval, midnight, partition_interval
from pipelines.spec import ModelSpec, find_dataset
from pipelines.spec_words import HIGHER_IS_BETTER
from pipelines.store import Store


@dataclass(frozen=True)
class Request:
    """What is asked for; what is None follows from the spec or the store, see `measures_of` and `span_of`."""

    policies: list[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    margin: float | None = None
    floor: float | None = None
    price: float = 0.0


@dataclass(frozen=True)
class Backtest:
    """outcomes: in the order of the policies. recommendation: among those that can be followed."""

    history: History
    measures: Measures
    outcomes: list[Outcome]
    recommendation: Recommendation

    @property
    def feasible(self) -> list[Outcome]:
        return [one for one in self.outcomes if one.run.policy.is_feasible]

    def to_json(self) -> str:
        """All figures, the same whenever it is run on the same store."""
        return json.dumps(_as_dict(self), indent=1)


def run_backtest(spec: ModelSpec, store: Store, request: Request, say: Say) -> Backtest:
    """Raises CallerError for a policy that is not known or too short a span, MissingInput for a partition that is
    not there, EmptyWindow for one without labels."""
    policies = policies_of(spec, request.policies or usual(spec))
    measures = measures_of(spec, request.margin, request.floor, request.price)
    history = gather_history(spec, store, span_of(spec, store, request), say)
    replay = Replay(history, Monitor(history), Admission(history))
    trained = len(history.fits)
    feasible = [policy for policy in policies if policy.is_feasible]
    runs = replay.run(feasible, partial(say, done=trained, of=trained))
    oracle = _oracle(history, measures.price)
    runs += [_as_run(policy, history, oracle) for policy in policies if not policy.is_feasible]
    outcomes = [outcome_of(history, run, oracle, measures) for run in runs]
    followed = [one for one in outcomes if one.run.policy.is_feasible]
    metric = spec.monitoring.metric
    recommendation = recommend(followed, metric, measures.margin, partial(paired_gain, history))
    return Backtest(history, measures, outcomes, recommendation)


def span_of(spec: ModelSpec, store: Store, request: Request) -> Interval:
    """From the time at which the first champion can be in force to the end of the newest validated partition.

    Raises MissingInput without a validated partition.
    """
    start = request.start or midnight(spec.schedule.first_effective_on)
    end = request.end
    if end is None:
        parts = list(validated_partitions(store, spec.dataset))
        if not parts:
            raise MissingInput(
                f"{spec.dataset}: no partition is validated. Backfill them first: "
                f"python -m pipelines backfill {spec.dataset}__data --start … --end …"
            )
        end = partition_interval(parts[-1], find_dataset(spec.dataset).partition).end
    return Interval(start, end)


def _oracle(history: History, price: float) -> Served:
    sign = 1 if history.spec.monitoring.metric in HIGHER_IS_BETTER else -1
    quality = {at: sign * history.quality(*at).value for at in history.scores}
    return best_sequence(quality, len(history.windows), price)


def _as_run(policy: Policy, history: History, served: Served) -> Run:
    """As if a policy had decided it; no gate was asked."""
    following = (*served[1:], served[-1])
    turns = [
        Turn(
            part=past.part,
            served=fit,
            severity="ok",
            alarmed=None,
            answer="wait" if fit == then else "retrain",
            reason=policy.words,
            admitted=None if fit == then else True,
        )
        for past, fit, then in zip(history.windows, served, following, strict=True)
    ]
    return Run(policy, turns)


def _as_dict(backtest: Backtest) -> dict[str, Any]:
    history, spec = backtest.history, backtest.history.spec
    judged = judged_gates(spec)
    return {
        "model": spec.name,
        "metric": spec.monitoring.metric,
        "windows": [past.part for past in history.windows],
        "measures": asdict(backtest.measures),
        "gates": {
            "judged": [f"{gate.kind} on {gate.subject}" for gate in judged],
            "not_replayed": [f"{gate.kind} on {gate.subject}" for gate in spec.gates if gate not in judged],
        },
        "recommendation": asdict(backtest.recommendation),
        "policies": {one.name: _outcome_as_dict(one) for one in backtest.outcomes},
        "fits": [json.loads(fit.to_json()) for fit in history.fits],
        "quality": {
            f"{history.fits[fit].as_of:%F} on {history.windows[window].part}": asdict(history.quality(fit, window))
            for fit, window in history.scores
        },
    }


def _outcome_as_dict(one: Outcome) -> dict[str, Any]:
    figures = {name: value for name, value in asdict(one).items() if name not in ("run", "windows", "fresh_gain")}
    turns = [
        asdict(turn) | {"quality": asdict(quality), "fresh_gain": gain}
        for turn, quality, gain in zip(one.run.turns, one.windows, one.fresh_gain, strict=True)
    ]
    return {"words": one.run.policy.words, "retrains": one.retrains, **figures, "turns": turns}
