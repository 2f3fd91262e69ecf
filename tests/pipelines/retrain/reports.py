"""Drift reports and journals in few words, for the tests of the retrain decision."""

from datetime import UTC, datetime, timedelta

from pipelines.champions import Champion, promote
from pipelines.drift.report import Attribution, Cause, DriftReport, Labels
from pipelines.drift.series import Observation, SeriesState, Severity
from pipelines.gates.attempts import journal_evaluation
from pipelines.gates.gate import Verdict
from pipelines.store import Store

MODEL = "flight_delay"
APRIL, MAY, JUNE, JULY = (datetime(2013, month, 1, tzinfo=UTC) for month in (4, 5, 6, 7))


def days(count: float) -> timedelta:
    return timedelta(days=count)


def alarm(series: str = "quality/loss/auc", since: str = "2013-05", severity: Severity = "critical") -> SeriesState:
    """A series beyond its threshold of .05."""
    family, statistic, subject = series.split("/")
    observation = Observation(family, statistic, subject, 0.1, 0.05, f"{subject} is worse")
    return SeriesState(observation, 0.05, severity, 1, 1, since, "sudden")


def report(
    *states: SeriesState,
    part: str = "2013-05",
    quality: Severity | None = "critical",
    cause: Cause = "concept_shift",
    version: int = 1,
) -> DriftReport:
    severities = [state.severity for state in states]
    return DriftReport(
        model=MODEL,
        part=part,
        as_of=JUNE.isoformat(),
        model_version=version,
        severity=max(severities, key=("ok", "info", "warning", "critical").index, default="ok"),
        quality_severity=quality,
        reasons=[state.observation.text for state in states],
        labels=Labels(100, 100, 0, True),
        positive_rate=0.2,
        attribution=Attribution(cause, "", [], [], f"it looks like {cause}"),
        states=list(states),
    )


def in_force(store: Store, version: int, since: datetime, against: int | None = None) -> None:
    """Promoted from the time that it was trained until."""
    promote(store, MODEL, Champion(version, "run", since, since), f"digest of {version}", against)


def judged(store: Store, version: int, as_of: datetime, verdict: Verdict, champion: int = 1) -> None:
    told = {"version": version, "champion_version": champion, "attempt": 1, "verdict": verdict, "digest": "d"}
    journal_evaluation(store, MODEL, as_of, told)
