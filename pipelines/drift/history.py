"""What every run saw of every series: a Delta table, and the past of a window as it was known at a time.

A run is a window's part and its as-of time. It keeps a row for each series of its own window and for each of the
earlier windows that it looked at again; it never changes what another run kept.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipelines.drift.report import DriftReport, Revisited
from pipelines.drift.series import SeriesState
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
        # Last, as Delta puts it into a table that was made without: there it is null, and so nobody's days.
        ("days", pa.list_(pa.field("element", pa.string()))),
    ]
)
KNOWN = ["run", "as_of", "window", "model_version", "series", "value", "worth", "threshold", "daily", "days"]
# Before the run's own. Whole years, so that the days from which a rise is counted stay the same from run to run; an
# alarm that has stood since before them counts as begun with them.
YEARS_BACK = 2


@dataclass(frozen=True)
class Seen:
    """One series in one window, as a run saw it. run, window: parts.

    threshold: that the window was judged against; None where the series informed only.
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
    days: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class History:
    """All that was seen of earlier windows, in no order."""

    seen: tuple[Seen, ...] = ()

    def before(self, part: str) -> "History":
        """What runs of earlier windows knew of earlier windows: a window run twice has the same past."""
        return History(tuple(one for one in self.seen if one.run < part and one.window < part))

    def earlier_than(self, part: str) -> "History":
        """Of windows before the part alone."""
        return History(tuple(one for one in self.seen if one.window < part))

    def thresholds(self, part: str) -> dict[str, float]:
        """What each series of the window was judged against when it was last seen; without those that informed."""
        found = {series: windows.get(part) for series, windows in self._by_series.items()}
        return {series: one.threshold for series, one in found.items() if one is not None and one.threshold is not None}

    def with_look(self, run: str, as_of: datetime, window: Revisited) -> "History":
        """With what a run that is under way sees of an earlier window."""
        seen = [_seen(run, as_of, window.part, window.model_version, state) for state in window.states]
        return History((*self.seen, *seen))

    @cached_property
    def windows(self) -> list[str]:
        """Parts that were looked at, oldest first; windows that no run came to are not among them."""
        return sorted({one.window for one in self.seen})

    def of(self, series: str) -> list[Seen]:
        """The series in every window that had it, oldest first, each as it was seen last."""
        return list(self._by_series.get(series, {}).values())

    @cached_property
    def _by_series(self) -> dict[str, dict[str, Seen]]:
        """By series and window, the oldest window first."""
        found: dict[str, dict[str, Seen]] = {}
        for one in sorted(self.seen, key=lambda one: (one.window, one.as_of, one.run)):
            found.setdefault(one.series, {})[one.window] = one
        return found


def write(store: Store, report: DriftReport) -> str:
    """Keep what the run saw, in one commit; the same report again commits nothing. Returns the table's snapshot.

    Raises Unavailable when other writers win every attempt.
    """
    as_of = parse_time(report.as_of)
    rows = [_row(report, as_of, report.part, report.model_version, state) for state in report.states]
    for window in report.revisited:
        rows += [_row(report, as_of, window.part, window.model_version, state) for state in window.states]
    kept = pa.Table.from_pylist(rows, SCHEMA)
    part = f"{report.part}@{stamp(as_of)}"
    return str(store.replace_partition(monitoring_table(report.model), kept, part, widen=True))


def read(store: Store, model: str, before: datetime) -> History:
    """What runs as of that time or earlier saw of its year's windows and of those of the two years before.

    Nothing where none ran. before: UTC; the as-of time of the run that asks, which leaves its own earlier tries out by
    History.before. Parts begin with their year.
    """
    table = monitoring_table(model)
    if store.version(table) is None:
        return History()
    first = f"{before.year - YEARS_BACK:04}"
    recent = (ds.field("part") >= first) & (ds.field("window") >= first)
    rows = store.select(table, recent & (ds.field("as_of") <= before), KNOWN)
    return History(tuple(map(Seen, *(_values(rows[name].combine_chunks()) for name in rows.column_names))))


def history_of(reports: Sequence[DriftReport]) -> History:
    """What those runs saw of their own windows and of those that they looked at again, without a table: for a
    replay."""
    return History(tuple(one for report in reports for one in _seen_by(report)))


def _seen_by(report: DriftReport) -> list[Seen]:
    run, as_of = report.part, parse_time(report.as_of)
    seen = [_seen(run, as_of, run, report.model_version, state) for state in report.states]
    for window in report.revisited:
        seen += [_seen(run, as_of, window.part, window.model_version, state) for state in window.states]
    return seen


def _seen(run: str, as_of: datetime, window: str, version: int, state: SeriesState) -> Seen:
    one = state.observation
    value, days = _told(one.value), (one.daily, one.days)
    return Seen(run, as_of, window, version, one.series, value, one.worth, state.threshold, *days)


def _row(report: DriftReport, as_of: datetime, window: str, version: int, state: SeriesState) -> dict[str, object]:
    one = state.observation
    return {
        "run": report.part,
        "as_of": as_of,
        "window": window,
        "model_version": version,
        "series": one.series,
        "value": _told(one.value),
        "low": _told(one.low),
        "high": _told(one.high),
        "worth": one.worth,
        "threshold": state.threshold,
        "severity": state.severity,
        "daily": one.daily,
        "text": one.text,
        "days": one.days,
    }


def _values(column: pa.Array) -> list[Any]:
    """As to_pylist gives them, in a fifth of its time: a text or a time that repeats is made once. A list that is
    null is empty."""
    if pa.types.is_list(column.type):
        within = _values(column.values)
        return [within[start:end] for start, end in pairwise(column.offsets.to_pylist())]
    if pa.types.is_string(column.type) or pa.types.is_timestamp(column.type):
        coded = column.dictionary_encode()
        names = coded.dictionary.to_pylist()
        return [names[code] for code in coded.indices.to_pylist()]
    values: list[Any] = column.to_pylist()
    return values


def _told(value: float | None) -> float | None:
    """What is not a number cannot be told either."""
    return None if value is None or math.isnan(value) else value
