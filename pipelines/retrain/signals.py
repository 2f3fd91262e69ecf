"""What of a drift report the retrain decision hears: its alarming series."""

from collections.abc import Sequence

from pipelines.drift.policy import Signal
from pipelines.drift.report import DriftReport
from pipelines.drift.series import ORDER, SeriesState

ALARMING = ORDER.index("warning")


def signals_of(report: DriftReport) -> list[Signal]:
    """By series. One that is beyond its threshold and has not persisted yet is among them, as information.

    Among them too what counts of earlier windows whose labels came since.
    """
    signals = [_signal(state, report.part) for state in _alarming(report.states)]
    for window in report.revisited:
        signals += [_signal(state, window.part, f"revisited {window.part}: ") for state in _alarming(window.counted)]
    return sorted(signals, key=lambda signal: signal.series)


def _alarming(states: Sequence[SeriesState]) -> list[SeriesState]:
    return [state for state in states if state.alarms or ORDER.index(state.severity) >= ALARMING]


def _signal(state: SeriesState, part: str, whose: str = "") -> Signal:
    return Signal(
        series=state.observation.series,
        since=state.since or part,
        severity=state.severity,
        persisted=ORDER.index(state.severity) >= ALARMING,
        text=f"{whose}{state.observation.text}",
    )
