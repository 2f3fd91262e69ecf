from datetime import UTC, datetime

import pytest

from pipelines.errors import CallerError
from pipelines.interval import Interval, parse_time, partition_interval, partition_of, partitions_between


def test_a_date_is_midnight_in_utc():
    assert parse_time("2013-04-01") == datetime(2013, 4, 1, tzinfo=UTC)


def test_another_offset_is_turned_into_utc():
    assert parse_time("2013-04-01T00:00:00-04:00") == datetime(2013, 4, 1, 4, tzinfo=UTC)


def test_what_is_no_time_is_refused_with_an_example():
    with pytest.raises(CallerError, match=r"'last month' is not a date or time; write 2013-04-01"):
        parse_time("last month")


@pytest.mark.parametrize("end", ["2013-04-01", "2013-03-31"])
def test_an_interval_that_does_not_go_forward_is_refused(end):
    with pytest.raises(CallerError, match="at or before its start"):
        Interval.parse("2013-04-01", end)


def test_the_as_of_time_is_the_end():
    assert Interval.parse("2013-04-01", "2013-05-01").as_of == datetime(2013, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("part", ["2013-02", "2013-12", "2012-02", "2013-03-10", "2013-12-31"])
def test_a_key_names_its_interval_and_back(part):
    granularity = "day" if part.count("-") == 2 else "month"
    assert partition_of(partition_interval(part, granularity), granularity) == part


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2013-04-01", "2013-04-30"),
        ("2013-04-02", "2013-05-01"),
        ("2013-04-01", "2013-06-01"),
        ("2013-04-01T01:00:00", "2013-05-01"),
        ("2013-04-01", "2013-05-01T00:00:01"),
    ],
)
def test_what_is_not_one_whole_month_is_refused(start, end):
    with pytest.raises(CallerError, match="is not one whole month"):
        partition_of(Interval.parse(start, end), "month")


def test_partitions_between_are_all_that_overlap_oldest_first():
    spans = partitions_between(parse_time("2012-12-31T23:00"), parse_time("2013-02-01T00:01"), "month")
    assert [f"{span.start:%F}" for span in spans] == ["2012-12-01", "2013-01-01", "2013-02-01"]


def test_partitions_between_leave_out_the_one_that_starts_at_the_end():
    assert len(partitions_between(parse_time("2013-01-01"), parse_time("2013-02-01"), "month")) == 1
