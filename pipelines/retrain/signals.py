"""What of a drift report the retrain decision hears: its alarming series."""

from pipelines.drift.policy import Signal
from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, SeriesState

ALARMING = ORDER.index("warning")


def signals_of(report: DriftReport) -> list[Signal]:
    """By series. One that is beyond its threshold and has not persisted yet is among them, as information."""
    alarming = [state for state in report.states if state.alarms or ORDER.index(state.severity) >= ALARMING]
    return sorted((_signal(state, report.part) for state in alarming), key=lambda signal: signal.series)


def _signal(state: SeriesState, part: str) -> Signal:
    return Signal(
        series=state.observation.series,
        since=state.since or part,
        severity=state.severity,
        persisted=ORDER.index(state.severity) >= ALARMING,
        text=state.observation.text,
    )
