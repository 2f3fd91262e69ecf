"""Earlier windows whose labels came since: judged by what is known of them now, and told with the run's own window.

Where labels are late no window's quality is known in its own run: it alarms in the run that looks at it again, or
never.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.array import Device
from pipelines.drift.history import History
from pipelines.drift.labels import observe_labels
from pipelines.drift.quality import observe_quality
from pipelines.drift.report import Attribution, Cause, Labels, Revisited
from pipelines.drift.series import LOSSES, ORDER, Observation, SeriesState, Severity, worst
from pipelines.drift.severity import judge_after, overall
from pipelines.drift.windows import Reference, Window
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec


@dataclass(frozen=True)
class Look:
    """An earlier window, looked at again. observations: of its quality and its labels."""

    part: str
    model_version: int
    labels: Labels
    observations: list[Observation]


@dataclass(frozen=True)
class Looks:
    """found: oldest first. refused: by part, why that window cannot be looked at, with the next command."""

    found: list[Look] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def look_at(spec: ModelSpec, reference: Reference, window: Window, labels: Labels, device: Device = "cpu") -> Look:
    """What an earlier window shows with these labels. reference: of that window, of the champion that scored it."""
    quality = observe_quality(spec, reference, window, labels, device)
    observed = [*quality, *observe_labels(spec.monitoring, window, labels)]
    return Look(window.part, reference.version, labels, observed)


def judge_again(
    policy: Monitoring,
    looks: Sequence[Look],
    bounds: Mapping[str, float],
    past: History,
    window: Window,
    version: int,
) -> tuple[list[Revisited], History]:
    """The windows judged, each after those before it, and the past with what was seen of them now.

    bounds: of the run's own window, whose champion is `version`; what a window was judged against before stays so.
    past: what earlier runs knew.
    """
    found = []
    for look in sorted(looks, key=lambda one: one.part):
        own = bounds if look.model_version == version else {}
        states = judge_after(
            policy,
            look.observations,
            {**own, **past.thresholds(look.part)},
            past.earlier_than(look.part),
            look.part,
            look.model_version,
        )
        found.append(Revisited(look.part, look.model_version, look.labels, states))
        past = past.with_look(window.part, window.as_of, found[-1])
    return found, past


def with_counting(revisited: Sequence[Revisited], states: Sequence[SeriesState], version: int) -> list[Revisited]:
    """The windows, oldest first, with the series of each that count in the run's own report.

    A loss counts in the newest window that tells it, where that was scored by `version`, the champion of the run's
    own window: what another lost is no reason to replace this one. Of labels that are missing or changed the newest
    alarm counts.
    """
    told = {state.observation.series for state in states if _is_told_quality(state)}
    found = []
    for one in reversed(revisited):
        counting = []
        for state in one.states:
            series, of_quality = state.observation.series, state.observation.family == "quality"
            if series in told or (of_quality and one.model_version != version):
                continue
            if _is_told_quality(state) or state.alarms:
                told.add(series)
                counting.append(series)
        found.append(replace(one, counting=counting))
    return found[::-1]


def overall_with(
    states: Sequence[SeriesState], revisited: Sequence[Revisited], refused: Mapping[str, str], version: int
) -> tuple[Severity, list[str]]:
    """Of the run's own window and of what counts of those that it looked at again, with reasons, the worst first.

    What a version lost that `version` has replaced informs.
    """
    severity, reasons = overall(states)
    severities = [severity]
    for one in revisited:
        of_it, why = overall(one.counted)
        severities.append(of_it)
        reasons += [_revisited_reason(one.part, reason) for reason in why]
        if one.model_version != version and (losses := _losses(one)):
            severities.append("info")
            reasons.append(
                f"info: revisited {one.part}: {losses}, by version {one.model_version}; version {version} scores now"
            )
    for part, reason in refused.items():
        severities.append("info")
        reasons.append(f"info: {part} cannot be looked at again: {reason}")
    return worst(severities), sorted(reasons, key=_rank)


def attribution_with(attribution: Attribution, revisited: Sequence[Revisited]) -> Attribution:
    """The run's own, with a sentence on each window that counts. Of why those alarm their labels alone can tell."""
    told = [f"Revisited {one.part}: {_lost(one)}." for one in revisited if _lost(one)]
    if not told:
        return attribution
    cause = _cause(revisited) if attribution.cause == "none" else attribution.cause
    detail = attribution.detail or told[-1]
    return replace(attribution, cause=cause, detail=detail, sentence=" ".join([*told, attribution.sentence]))


def _cause(revisited: Sequence[Revisited]) -> Cause:
    alarming = {state.observation.statistic for one in revisited for state in one.counted if state.alarms}
    return "late_labels" if alarming <= {"unlabelled_rate", "overdue_rate"} else "unknown"


def _is_told_quality(state: SeriesState) -> bool:
    one = state.observation
    return one.family == "quality" and one.value is not None and state.threshold is not None


def _revisited_reason(part: str, reason: str) -> str:
    severity, _, rest = reason.partition(": ")
    return f"{severity}: revisited {part}: {rest}"


def _rank(reason: str) -> int:
    severities: list[str] = list(ORDER)
    return -severities.index(reason.partition(": ")[0])


def _lost(one: Revisited) -> str:
    alarming = [state.observation for state in one.counted if state.alarms]
    return "; ".join(_words(observation) for observation in alarming)


def _losses(one: Revisited) -> str:
    alarming = [state.observation for state in one.states if state.alarms and state.observation.statistic in LOSSES]
    return "; ".join(_words(observation) for observation in alarming)


def _words(one: Observation) -> str:
    if one.statistic != "loss":
        return one.text
    interval = "" if one.low is None or one.high is None else f" [{one.low:.3f}, {one.high:.3f}]"
    return f"{one.subject} lost {one.value:.3f}{interval} now that its labels are in"
