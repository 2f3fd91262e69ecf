"""What every run saw of every series: a Delta table, and the past of a window as it was known at a time.

A run is a window's part and its as-of time. It keeps a row for each series of its own window and for each of the
earlier windows that it looked at again; it never changes what another run kept.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.drift.report import DriftReport, Revisited
from pipelines.drift.series import Observation, SeriesState
from pipelines.interval import parse_time
from pipelines.layout import monitoring_table
from pipelines.store import Store
from pipelines.training_set import stamp

SCHEMA = pa.schema(
    [
        ("run", pa.string()),
        ("as_of", pa.timestamp("us", tz="UTC")),
        ("window", pa.string()),
        ("model_version", pa.int64()),
        ("series", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("worth", pa.float64()),
        ("threshold", pa.float64()),
        ("severity", pa.string()),
        # Delta's own name for what a list holds: with another, no row would ever be the same when read back.
        ("daily", pa.list_(pa.field("element", pa.float64()))),
        ("text", pa.string()),
    ]
)
KNOWN = ["run", "as_of", "window", "model_version", "series", "value", "worth", "threshold", "daily"]


@dataclass(frozen=True)
class Seen:
    """One series in one window, as a run saw it. run, window: parts.

    threshold: that the window was judged against; None where the series informed only, or was only looked at again.
    """

    run: str
    as_of: datetime
    window: str
    model_version: int
    series: str
    value: float | None
    worth: float | None
    threshold: float | None
    daily: list[float]


@dataclass(frozen=True)
class History:
    """All that was seen of earlier windows, in no order."""

    seen: tuple[Seen, ...] = ()

    def before(self, part: str) -> "History":
        """What runs of earlier windows knew of earlier windows: a window run twice has the same past."""
        return History(tuple(one for one in self.seen if one.run < part and one.window < part))

    @cached_property
    def windows(self) -> list[str]:
        """Parts that were looked at, oldest first; windows that no run came to are not among them."""
        return sorted({one.window for one in self.seen})

    def of(self, series: str) -> list[Seen]:
        """The series in every window that had it, oldest first, each as it was seen last."""
        return self._by_series.get(series, [])

    @cached_property
    def _by_series(self) -> dict[str, list[Seen]]:
        found: dict[str, dict[str, Seen]] = {}
        for one in sorted(self.seen, key=lambda one: (one.window, one.as_of, one.run)):
            windows = found.setdefault(one.series, {})
            windows[one.window] = _with_threshold(one, windows.get(one.window))
        return {series: list(windows.values()) for series, windows in found.items()}


def write(store: Store, report: DriftReport) -> str:
    """Keep what the run saw, in one commit; the same report again commits nothing. Returns the table's snapshot.

    Raises Unavailable when other writers win every attempt.
    """
    as_of = parse_time(report.as_of)
    rows = [_judged(report, as_of, state) for state in report.states]
    rows += [_looked_at_again(report, as_of, window, one) for window in report.revisited for one in window.quality]
    kept = pa.Table.from_pylist(rows, SCHEMA)
    return str(store.replace_partition(monitoring_table(report.model), kept, f"{report.part}@{stamp(as_of)}"))


def read(store: Store, model: str, before: datetime) -> History:
    """What runs as of that time or earlier saw; nothing where none ran. One read of the table.

    before: UTC; the as-of time of the run that asks, which leaves its own earlier tries out by History.before.
    """
    table = monitoring_table(model)
    if store.version(table) is None:
        return History()
    rows = store.read(table).filter(pc.field("as_of") <= before).select(KNOWN)
    return History(tuple(Seen(**row) for row in rows.to_pylist()))


def history_of(reports: Sequence[DriftReport]) -> History:
    """What those runs saw of their own windows, without a table: for a replay."""
    return History(tuple(_seen(report, state) for report in reports for state in report.states))


def _seen(report: DriftReport, state: SeriesState) -> Seen:
    one = state.observation
    return Seen(
        run=report.part,
        as_of=parse_time(report.as_of),
        window=report.part,
        model_version=report.model_version,
        series=one.series,
        value=one.value,
        worth=one.worth,
        threshold=state.threshold,
        daily=one.daily,
    )


def _with_threshold(seen: Seen, earlier: Seen | None) -> Seen:
    """A look back judges not: what the window was judged against stays so."""
    if seen.threshold is not None:
        return seen
    return replace(seen, threshold=seen.worth if earlier is None else earlier.threshold)


def _judged(report: DriftReport, as_of: datetime, state: SeriesState) -> dict[str, object]:
    judged = {"threshold": state.threshold, "severity": state.severity}
    return _row(report.part, as_of, report.part, report.model_version, state.observation) | judged


def _looked_at_again(
    report: DriftReport, as_of: datetime, window: Revisited, observation: Observation
) -> dict[str, object]:
    unjudged = {"threshold": None, "severity": None}
    return _row(report.part, as_of, window.part, window.model_version, observation) | unjudged


def _row(run: str, as_of: datetime, window: str, version: int, one: Observation) -> dict[str, object]:
    return {
        "run": run,
        "as_of": as_of,
        "window": window,
        "model_version": version,
        "series": one.series,
        "value": _told(one.value),
        "low": _told(one.low),
        "high": _told(one.high),
        "worth": one.worth,
        "daily": one.daily,
        "text": one.text,
    }


def _told(value: float | None) -> float | None:
    """What is not a number cannot be told either."""
    return None if value is None or math.isnan(value) else value
