"""Half-open spans of time in UTC, and the partitions they name."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pipelines.errors import CallerError

Granularity = Literal["month", "day"]
YEARS = range(1900, 2200)
SHOWN = 60


def parse_time(text: str) -> datetime:
    """Read an ISO 8601 date or time; without an offset it is UTC.

    Raises CallerError when the text is neither, and for a year whose months cannot all be counted.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        told = f"{text[:SHOWN]!r} is not a date or time; write 2013-04-01 or 2013-04-01T00:00:00Z."
        raise CallerError(told) from None
    if moment.year not in YEARS:
        raise CallerError(f"{text[:SHOWN]!r} is out of the years {YEARS.start} to {YEARS.stop - 1}.")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Interval:
    """The span [start, end) of one run; both ends are aware and in UTC.

    Raises CallerError when end is not after start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise CallerError(f"The interval ends ({self.end:%F %R}) at or before its start ({self.start:%F %R}).")

    @classmethod
    def parse(cls, start: str, end: str) -> "Interval":
        return cls(parse_time(start), parse_time(end))

    @property
    def as_of(self) -> datetime:
        """The instant that a run over this interval pretends it is."""
        return self.end

    def __str__(self) -> str:
        return f"[{_short(self.start)}, {_short(self.end)})"


def _short(moment: datetime) -> str:
    return f"{moment:%F}" if moment == midnight(moment.date()) else f"{moment:%FT%RZ}"


def _floor(moment: datetime, granularity: Granularity) -> datetime:
    day = midnight(moment.date())
    return day.replace(day=1) if granularity == "month" else day


def _next(start: datetime, granularity: Granularity) -> datetime:
    if granularity == "day":
        return start + timedelta(days=1)
    return (start + timedelta(days=32)).replace(day=1)


def part_key(start: datetime, granularity: Granularity) -> str:
    return f"{start:%Y-%m}" if granularity == "month" else f"{start:%F}"


def partition_of(interval: Interval, granularity: Granularity) -> str:
    """The key of the one partition that the interval covers: '2013-03' or '2013-03-05'.

    Raises CallerError when the interval is not exactly one partition.
    """
    if interval.start != _floor(interval.start, granularity) or _next(interval.start, granularity) != interval.end:
        raise CallerError(
            f"The interval {interval} is not one whole {granularity}. "
            f"Give one partition, or run a span with: python -m pipelines backfill DAG --start … --end …"
        )
    return part_key(interval.start, granularity)


def partition_interval(part: str, granularity: Granularity) -> Interval:
    start = parse_time(f"{part}-01" if granularity == "month" else part)
    return Interval(start, _next(start, granularity))


def partitions_between(start: datetime, end: datetime, granularity: Granularity) -> list[Interval]:
    """Every partition that overlaps [start, end), oldest first."""
    spans = []
    at = _floor(start, granularity)
    while at < end:
        spans.append(Interval(at, _next(at, granularity)))
        at = spans[-1].end
    return spans
