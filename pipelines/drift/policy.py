"""The retrain decision: a policy, a state and signals in, an answer and its reason out. Pure: no clock, no store.

Everything that a decision rests on is in its arguments, and those are plain data: what is journalled of them
gives the same decision again.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args

from pydantic import Field

from pipelines.drift.report import Cause
from pipelines.drift.series import ORDER, Severity, Statistic, worst
from pipelines.monitoring_spec import Retrain
from pipelines.spec_words import Strict

Answer = Literal["retrain", "wait", "ask", "stop"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)
# What another fit of the same recipe changes nothing of.
NOT_CURED_BY_TRAINING: frozenset[Statistic] = frozenset(
    {
        "vanished_rate",
        "frozen",
        "feature_age_h",
        "missing_partitions",
        "unlabelled_rate",
        "overdue_rate",
        "contradicted_rate",
        "rate",
        "volume_change",
        "figure",
    }
)
# Retrainings in a row whose candidates failed their gates, after which a person is asked.
FAILURES_TO_ASK = 2
SHOWN = 3


class Signal(Strict):
    """One alarming series. since: the part in which its present run of alarms began; text: its figures in words.

    persisted: whether it stood in as many windows as the spec asks for.
    """

    series: str
    since: str
    severity: Severity
    persisted: bool = True
    text: str = ""

    @property
    def identity(self) -> str:
        """A series that ended and began anew is another signal."""
        return f"{self.series} since {self.since}"

    @property
    def is_curable(self) -> bool:
        """Whether training could help; by the statistic, the middle of `family/statistic/subject`."""
        return self.series.split("/")[1] not in NOT_CURED_BY_TRAINING


class Freeze(Strict):
    """Nobody retrains as of a time before `until`, UTC."""

    until: datetime
    by: str
    reason: str


class ExpectedGain(Strict):
    """What a fresh model gains over the champion at its age, in the metric's unit, by `observations` past gaps.

    low, high: 95 %; None where there are too few for an interval.
    """

    estimate: float
    observations: int
    low: float | None = None
    high: float | None = None


class RetrainState(Strict):
    """What was known as of the time; all times UTC.

    scored_by: version that scored the window, None for the champion itself. quality: its own severity, None until
    the window's labels are in. cause, sentence: of the report's attribution. expected_gain: None without a past to
    tell it from. new_partitions: validated since the champion's training. retrained_at: as-of time of the decision
    that triggered a training and is nearest to this one, also a later one where decisions are made out of order.
    failures: retrainings in a row whose candidates failed their gates. retrains, gpu_hours: of this calendar month;
    hours count where the policy has a budget of them. consumed: identities of signals that were acted on.
    """

    as_of: datetime
    champion_version: int
    champion_since: datetime
    trained_until: datetime
    scored_by: int | None = None
    quality: Severity | None = None
    cause: Cause = "none"
    sentence: str = ""
    expected_gain: ExpectedGain | None = None
    new_partitions: int = 1
    retrained_at: datetime | None = None
    failures: int = 0
    retrains: int = 0
    gpu_hours: float = 0.0
    consumed: list[str] = Field(default_factory=list)
    freeze: Freeze | None = None


@dataclass(frozen=True)
class Decision:
    """acted_on: identities of the signals that a retraining answers, which count in no later decision."""

    answer: Answer
    reason: str
    acted_on: list[str] = field(default_factory=list)


def decide(policy: Retrain, state: RetrainState, signals: list[Signal]) -> Decision:
    """Whether to retrain, and why; the first rule that applies decides.

    A freeze keeps from training, not from stopping or asking on faulty data, which nobody trains on.
    signals: all that alarm in the window, also those that were acted on before.
    """
    severity = worst([signal.severity for signal in signals if signal.persisted])
    if state.cause == "data_fault" and ORDER.index(severity) >= ORDER.index("warning"):
        return _on_data_fault(policy, state, severity, signals)
    if state.freeze is not None and state.as_of < state.freeze.until:
        frozen = state.freeze
        return Decision("wait", f"frozen until {frozen.until:%F} by {frozen.by}: {frozen.reason}")
    fresh = [signal for signal in signals if _counts(policy, signal) and signal.identity not in state.consumed]
    over_age = _over_age(policy, state)
    without_drift = _why_drift_is_no_reason(policy, state, severity, signals, fresh)
    if without_drift is not None and over_age is None:
        return without_drift
    why = over_age or f"{worst([signal.severity for signal in fresh])}: {_listed(fresh)}"
    if state.failures >= FAILURES_TO_ASK:
        return Decision("ask", _training_will_not_fix_it(state, why))
    held_back = _cooling_down(policy, state) or _over_budget(policy, state) or _too_little_data(policy, state)
    if held_back is None and over_age is None:
        held_back = _too_little_to_gain(policy, state)
    if held_back is not None:
        return Decision("wait", held_back)
    return Decision("retrain", why, [signal.identity for signal in fresh])


def _counts(policy: Retrain, signal: Signal) -> bool:
    severe = ORDER.index(signal.severity) >= ORDER.index(policy.at_severity)
    return signal.persisted and severe and signal.is_curable


def _on_data_fault(policy: Retrain, state: RetrainState, severity: Severity, signals: list[Signal]) -> Decision:
    found = state.sentence or _listed([signal for signal in signals if signal.persisted])
    if policy.on_data_fault == "stop" and severity == "critical":
        return Decision("stop", f"predictions rest on faulty data: {found}")
    answer: Answer = "wait" if policy.on_data_fault == "wait" else "ask"
    return Decision(answer, f"a data fault, and training on faulty data is no cure; for the data's owner: {found}")


def _why_drift_is_no_reason(
    policy: Retrain, state: RetrainState, severity: Severity, signals: list[Signal], fresh: list[Signal]
) -> Decision | None:
    """None where drift calls for a retraining."""
    if ORDER.index(severity) < ORDER.index(policy.at_severity):
        return Decision("wait", f"severity {severity} is below {policy.at_severity}")
    severe = [signal for signal in signals if signal.persisted and signal.severity != "info"]
    if state.quality == "ok":
        return Decision("wait", f"quality holds, so training is no cure; for the data's owner: {_listed(severe)}")
    if state.quality == "info":
        return Decision("wait", f"the loss of quality has not persisted; for now: {_listed(severe)}")
    if state.scored_by not in (None, state.champion_version):
        newer = f"version {state.champion_version} took force since"
        return Decision("wait", f"version {state.scored_by} scored the window and {newer}: its own windows will tell")
    counted = [signal for signal in signals if _counts(policy, signal)]
    if not counted:
        return Decision("wait", f"nothing that training cures; for the data's owner: {_listed(severe)}")
    if fresh:
        return None
    if state.failures:
        return Decision("ask", _training_will_not_fix_it(state, _listed(counted)))
    return Decision("wait", f"acted on before, and not ended since: {_listed(counted)}")


def _over_age(policy: Retrain, state: RetrainState) -> str | None:
    limit, age = policy.champion_age, state.as_of - state.trained_until
    if limit is None or age < limit:
        return None
    return f"champion {state.champion_version} was trained {_days(age)} ago, the limit is {_days(limit)}"


def _training_will_not_fix_it(state: RetrainState, why: str) -> str:
    failed = (
        "the candidate of the last retraining failed its gates"
        if state.failures == 1
        else f"the candidates of the last {state.failures} retrainings failed their gates"
    )
    return f"{failed}, so training again won't fix it: change the recipe, the features or the gates; {why}"


def _cooling_down(policy: Retrain, state: RetrainState) -> str | None:
    """From the champion's own time, or from a retraining near this one, on either side of it."""
    cooldown = timedelta(days=policy.cooldown_days) * 2**state.failures
    doubled = (
        ", doubled because the last retraining's candidate failed its gates: training again won't fix it"
        if state.failures
        else ""
    )
    age = state.as_of - state.champion_since
    if age < cooldown:
        return f"the champion is in force for {_days(age)}, inside the cooldown of {_days(cooldown)}{doubled}"
    decided = state.retrained_at
    if decided is not None and abs(state.as_of - decided) < cooldown:
        return f"a retraining was decided as of {decided:%F}, inside the cooldown of {_days(cooldown)}{doubled}"
    return None


def _over_budget(policy: Retrain, state: RetrainState) -> str | None:
    month = f"{state.as_of:%B %Y}"
    if policy.retrains_per_month is not None and state.retrains >= policy.retrains_per_month:
        return f"{_counted(state.retrains, 'retraining')} in {month}, the budget is {policy.retrains_per_month}"
    if policy.gpu_hours_per_month is not None and state.gpu_hours >= policy.gpu_hours_per_month:
        return f"{state.gpu_hours:.1f} GPU hours in {month}, the budget is {policy.gpu_hours_per_month:g}"
    return None


def _too_little_data(policy: Retrain, state: RetrainState) -> str | None:
    if state.new_partitions >= policy.least_new_partitions:
        return None
    are = "is" if policy.least_new_partitions == 1 else "are"
    return (
        f"{_counted(state.new_partitions, 'new partition')} since the champion's training until "
        f"{state.trained_until:%F}, {policy.least_new_partitions} {are} asked for"
    )


def _too_little_to_gain(policy: Retrain, state: RetrainState) -> str | None:
    """A past that says nothing does not speak against it."""
    gain = state.expected_gain
    if gain is None or policy.least_gain == 0 or gain.estimate >= policy.least_gain:
        return None
    return (
        f"by {_counted(gain.observations, 'past gap')} a fresh model would gain {gain.estimate:.4f}, "
        f"{policy.least_gain:g} is asked for"
    )


def _listed(signals: list[Signal]) -> str:
    """The worst first."""
    ordered = sorted(signals, key=lambda signal: (-ORDER.index(signal.severity), signal.series))
    more = f" and {len(ordered) - SHOWN} more" if len(ordered) > SHOWN else ""
    return "; ".join(signal.text or signal.identity for signal in ordered[:SHOWN]) + more


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _days(span: timedelta) -> str:
    days = span / timedelta(days=1)
    return _counted(round(days), "day") if days >= 1 else _counted(round(days * 24), "hour")
