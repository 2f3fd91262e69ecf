"""How severe it is: each series against its threshold, over the windows in which it was looked at.

Quality with labels decides. While it holds, moved inputs and predictions inform; faults of the data warn whatever
the quality, because a model may not show them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from pipelines.drift.alarms import Level, alarm_of, alarmed
from pipelines.drift.history import History
from pipelines.drift.series import LOSSES, ORDER, Family, Observation, SeriesState, Severity, Statistic, worst
from pipelines.monitoring_spec import Monitoring

DATA_FAULTS: frozenset[Statistic] = frozenset(
    {"null_rate_rise", "unseen_rate", "vanished_rate", "out_of_range_rate", "step", "frozen"}
)
# Say that something is distributed otherwise, which may cost nothing.
MOVES: frozenset[Statistic] = frozenset({"psi", "wasserstein", "mean_shift", "confidence_shift", "rate_shift"})
FAMILIES: tuple[Family, ...] = get_args(Family)
# What the value is, said of the subject.
WORDS: dict[Statistic, str] = {
    "null_rate_rise": "rise of the share of nulls in {}",
    "unseen_rate": "share of {} in categories that the reference never had",
    "vanished_rate": "share of {} in categories that ended",
    "out_of_range_rate": "share of {} outside the reference's range",
    "psi": "PSI of {}",
    "wasserstein": "Wasserstein distance of {}",
    "step": "jump of {} from one day to the next",
    "frozen": "standstill of {}",
    "mean_shift": "move of the mean of {}",
    "confidence_shift": "move of the confidence of {}",
    "loss": "loss of {}",
    "bias": "distance of the {} from the scores",
    "shortfall": "{} short of what its scores promise:",
    "rate_shift": "move of the mean of {}",
    "feature_age_h": "age in hours of {}",
    "champion_age_d": "age in days of {}",
    "missing_partitions": "missing partitions of {}",
    "unlabelled_rate": "share still without {}",
    "overdue_rate": "share of overdue {}",
    "contradicted_rate": "share of changed {}",
    "rate": "share of differing {}",
    "volume_change": "change of the volume of {}",
    "figure": "distance of {} from its bounds",
}


def judge(
    policy: Monitoring,
    observations: Sequence[Observation],
    bounds: Mapping[str, float],
    history: History,
    part: str,
    version: int,
) -> list[SeriesState]:
    """The state of every series, in the observations' order.

    bounds: what chance alone reaches, by series; where there is none the declared number decides alone. history:
    of any windows, those before the part count. part, version: of the observations.
    """
    return judge_after(policy, observations, bounds, history.before(part), part, version)


def judge_after(
    policy: Monitoring,
    observations: Sequence[Observation],
    bounds: Mapping[str, float],
    past: History,
    part: str,
    version: int,
) -> list[SeriesState]:
    """As `judge`, where all that the history holds is the part's past."""
    found = [_over_time(policy, one, bounds, past, part, version) for one in observations]
    moved = any(_predictions_moved(policy, one, bounds) for one in observations)
    quality = [_severe(policy, one, moved, holds=False) for one in found if one.observation.family == "quality"]
    holds = quality_severity(quality) == "ok"
    return [_severe(policy, one, moved, holds) for one in found]


def quality_severity(states: Sequence[SeriesState]) -> Severity | None:
    """Of the losses of quality; None where none of those that are judged can be told, as in a late window."""
    told = [one.severity for one in states if one.threshold is not None and _is_told_loss(one)]
    return worst(told) if told else None


def overall(states: Sequence[SeriesState]) -> tuple[Severity, list[str]]:
    """Of all series that are judged, with a reason for each that is beyond its threshold, the worst first."""
    judged = [one for one in states if one.threshold is not None]
    holds = quality_severity(states) == "ok"
    alarming = sorted((one for one in judged if one.severity != "ok"), key=_rank)
    return worst([one.severity for one in judged]), [_reason(one, holds) for one in alarming]


def _over_time(
    policy: Monitoring, one: Observation, bounds: Mapping[str, float], past: History, part: str, version: int
) -> SeriesState:
    """The state but for its severity: 'info' where it alarms, 'ok' where it does not."""
    threshold = None if one.worth is None else max(one.worth, bounds.get(one.series, one.worth))
    levels = [
        *(
            Level(was.window, was.model_version, was.value, was.threshold, was.daily, was.days)
            for was in past.of(one.series)
        ),
        Level(part, version, one.value, threshold, one.daily, one.days),
    ]
    found = alarmed(levels)
    alarm = alarm_of(levels, found)
    recent = {part, *past.windows[::-1][: policy.persistence.of - 1]}
    return SeriesState(
        observation=one,
        threshold=threshold,
        severity="info" if alarm or _informs_of_a_move(policy, one) else "ok",
        beyond=sum(alarms for level, alarms in zip(levels, found, strict=True) if level.part in recent),
        of=len(recent),
        since=alarm.since if alarm else None,
        pattern=alarm.pattern if alarm else None,
        onset=alarm.onset if alarm else None,
    )


def _informs_of_a_move(policy: Monitoring, one: Observation) -> bool:
    """Whether a series that only informs, such as a seasonal column's PSI, is where another would alarm."""
    numbers: dict[Statistic, float] = {
        "psi": policy.psi_warning,
        "out_of_range_rate": policy.out_of_range_rate,
        "mean_shift": policy.prediction_shift,
    }
    return one.worth is None and one.statistic in numbers and (one.value or 0.0) > numbers[one.statistic]


def _predictions_moved(policy: Monitoring, one: Observation, bounds: Mapping[str, float]) -> bool:
    if (one.family, one.statistic) != ("prediction", "mean_shift") or one.value is None:
        return False
    return one.value > max(policy.prediction_shift, bounds.get(one.series, 0.0))


def _severe(policy: Monitoring, state: SeriesState, moved: bool, holds: bool) -> SeriesState:
    """With its severity after persistence. moved: the predictions; holds: quality is known, and nothing is lost."""
    one = state.observation
    if not state.alarms or state.beyond < policy.persistence.windows:
        return state
    if one.statistic in MOVES and holds:
        return state
    fault = one.family == "input" and one.statistic in DATA_FAULTS and moved
    critical = state.is_beyond and (fault or _is_critical_loss(policy, one))
    return replace(state, severity="critical" if critical else "warning")


def _is_critical_loss(policy: Monitoring, one: Observation) -> bool:
    """Of the declared metric over all rows: what one slice loses warns at most."""
    if (one.family, one.statistic, one.subject) != ("quality", "loss", policy.metric) or one.value is None:
        return False
    return (one.value if one.low is None else one.low) > policy.critical_loss


def _is_told_loss(state: SeriesState) -> bool:
    one = state.observation
    return one.statistic in LOSSES and one.value is not None and not math.isnan(one.value)


def _rank(state: SeriesState) -> tuple[int, int, float, str]:
    """The worst first, then quality before what may explain it, then what is furthest beyond its threshold."""
    one, threshold = state.observation, state.threshold or 1.0
    families = FAMILIES.index(one.family) if one.family != "quality" else -1
    return -ORDER.index(state.severity), families, -(one.value or 0.0) / threshold, one.series


def _reason(state: SeriesState, holds: bool) -> str:
    one = state.observation
    interval = "" if one.low is None or one.high is None else f" [{one.low:.4g}, {one.high:.4g}]"
    windows = f"in {state.beyond} of {state.of} windows" if state.of > 1 else "in this window"
    far = f"more than {state.threshold:.4g}" if state.is_beyond else f"not yet {state.threshold:.4g} but rising"
    began = f"; {state.pattern}, from about {state.onset}" if state.onset else ""
    return (
        f"{state.severity}: {WORDS[one.statistic].format(one.subject)} {one.value:.4g}{interval}, {far} since "
        f"{state.since}, {windows}{began}{_why_so(state, holds)} ({one.text})"
    )


def _why_so(state: SeriesState, holds: bool) -> str:
    """What else the severity rests on."""
    one = state.observation
    if state.severity == "info":
        return "; quality holds, so it only informs" if holds and one.statistic in MOVES else "; not persisted yet"
    return "; predictions moved with it" if one.family == "input" and state.severity == "critical" else ""
