"""Drift reports by hand, as the monitor writes them."""

from typing import Any

from pipelines.drift.report import Attribution, DriftReport, Labels
from pipelines.drift.series import Family, Observation, SeriesState, Severity, Statistic, worst

SENTENCE = "temperature_f arrives in °C since 2013-03: a data fault, retraining will not cure it."


def state(family: Family, statistic: Statistic, subject: str, severity: Severity, **given: Any) -> SeriesState:
    """Beyond its threshold when it is severe. value: 9 then, else 0, unless given."""
    value = given.pop("value", 0.0 if severity == "ok" else 9.0)
    seen = Observation(family, statistic, subject, value, 1.0, f"{statistic} of {subject} is {value}")
    return SeriesState(seen, 1.0, severity, 1, 1, "2013-05" if value and value > 1.0 else None, None)


def report(part: str, *states: SeriesState, quality: Severity | None = "ok") -> DriftReport:
    alarming = [one for one in states if one.severity in ("warning", "critical")]
    return DriftReport(
        model="flight_delay",
        part=part,
        as_of=f"{part}-28T00:00:00+00:00",
        model_version=3,
        severity=worst([one.severity for one in states]),
        quality_severity=quality,
        reasons=[one.observation.text for one in alarming],
        labels=Labels(100, 100, 0, True),
        positive_rate=0.2,
        attribution=Attribution("data_fault", "unit", [], [], SENTENCE),
        states=list(states),
    )
