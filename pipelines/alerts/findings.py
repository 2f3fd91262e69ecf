"""What is wrong with a model in one window, thing by thing: what people are told of, and once only."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, SeriesState, Severity, worst
from pipelines.monitoring_spec import AlertSeverity

# A person has to act on these; the others act by themselves, or wait.
NEEDS_A_PERSON: Mapping[str, AlertSeverity] = {"ask": "warning", "stop": "critical"}


@dataclass(frozen=True)
class Findings:
    """alarming: by thing, such as `input/temperature_f` or `quality/auc`, how severe. untold: things of which this
    window can say neither that they are wrong nor that they are right."""

    alarming: dict[str, Severity]
    untold: frozenset[str]


def findings(
    report: DriftReport, answer: str, unmonitored: list[str], least: AlertSeverity, unmonitored_is: AlertSeverity
) -> Findings:
    """From the drift report, the retrain decision's answer and the windows that the monitor missed.

    All statistics of a column are one thing, and so are a metric and its slices. least: what is less severe is
    no finding.
    """
    things: dict[str, list[SeriesState]] = {}
    for state in report.counted:
        watched = state.observation
        things.setdefault(f"{watched.family}/{watched.subject.partition('[')[0]}", []).append(state)
    found = {thing: worst([state.severity for state in states]) for thing, states in things.items()}
    if answer in NEEDS_A_PERSON:
        found[f"decision/{answer}"] = NEEDS_A_PERSON[answer]
    found |= {f"unmonitored/{part}": unmonitored_is for part in unmonitored}
    alarming = {thing: severity for thing, severity in found.items() if ORDER.index(severity) >= ORDER.index(least)}
    untold = {
        thing for thing, states in things.items() if thing not in alarming and not _is_well(states, report.told_quality)
    }
    return Findings(alarming, frozenset(untold))


def _is_well(states: list[SeriesState], quality: Severity | None) -> bool:
    """Whether a thing that does not alarm was seen to be right: not while one of its series is beyond its threshold
    and has yet to persist, and for quality not before the window, or an earlier one looked at again, is final."""
    known = [state for state in states if state.observation.value is not None]
    if states[0].observation.family == "quality" and quality is None:
        return False
    return bool(known) and not any(state.alarms for state in known)
