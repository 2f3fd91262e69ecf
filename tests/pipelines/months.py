"""Thin months: a few of the real rows of each, enough for the contract and quick to check."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.interval import Interval, partition_interval
from pipelines.layout import raw_table
from pipelines.store import Store

EVERY = 40
TIMES = {"flights": "sched_dep_at", "weather": "observed_at"}
JANUARY, FEBRUARY, MARCH, APRIL = (partition_interval(f"2013-{month:02}", "month") for month in range(1, 5))


def of(interval: Interval, rows: pa.Table, time: str) -> pa.Table:
    """The rows whose time lies in the interval."""
    start, end = (pa.scalar(at, pa.timestamp("us", tz="UTC")) for at in (interval.start, interval.end))
    return rows.filter(pc.and_(pc.greater_equal(rows[time], start), pc.less(rows[time], end))).combine_chunks()


def thin(year: dict[str, pa.Table], interval: Interval) -> pa.Table:
    """Every 40th flight of the interval, about 700 a month."""
    flights = of(interval, year["flights"], "sched_dep_at")
    return flights.take(list(range(0, flights.num_rows, EVERY)))


def pull(store: Store, year: dict[str, pa.Table], interval: Interval, flights: pa.Table | None = None) -> None:
    """Put rows into the raw tables as `ingest` does; thin ones of the interval unless others are given."""
    part = f"{interval.start:%Y-%m}"
    store.replace_partition(raw_table("flights", "flights"), thin(year, interval) if flights is None else flights, part)
    store.replace_partition(raw_table("flights", "weather"), of(interval, year["weather"], "observed_at"), part)
