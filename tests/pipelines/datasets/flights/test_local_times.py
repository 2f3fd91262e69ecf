import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.datasets.flights.local_times import airport_timezones, departure_instant, landing_instant, package_data


def instant(day: str, hhmm: int) -> str:
    return departure_instant(pd.Series([day]), pd.Series([hhmm])).iloc[0].isoformat()


@pytest.mark.parametrize(
    ("day", "hhmm", "expected"),
    [
        ("2013-01-15", 515, "2013-01-15T10:15:00+00:00"),
        ("2013-07-15", 2359, "2013-07-16T03:59:00+00:00"),
        ("2013-03-10", 159, "2013-03-10T06:59:00+00:00"),
        ("2013-03-10", 300, "2013-03-10T07:00:00+00:00"),
        ("2013-03-10", 230, "2013-03-10T07:00:00+00:00"),
        ("2013-11-03", 30, "2013-11-03T04:30:00+00:00"),
        ("2013-11-03", 130, "2013-11-03T05:30:00+00:00"),
        ("2013-11-03", 200, "2013-11-03T07:00:00+00:00"),
        ("2013-12-31", 2100, "2014-01-01T02:00:00+00:00"),
    ],
)
def test_new_yorks_clock_in_utc(day, hhmm, expected):
    assert instant(day, hhmm) == expected


def landing(**changes) -> pd.Timestamp:
    flight = {
        "sched_dep_at": pd.Timestamp("2013-01-15T10:15Z"),
        "dep_delay_min": 2.0,
        "air_time_min": 227.0,
        "arr_hhmm": 830.0,
        "arr_delay_min": 11.0,
        "destination": "IAH",
    } | changes
    return landing_instant(pd.DataFrame([flight])).iloc[0]


def test_a_landing_is_on_the_destinations_clock():
    assert landing() == pd.Timestamp("2013-01-15T14:30Z"), "08:30 in Houston"


def test_a_landing_after_midnight_is_the_next_day():
    late = landing(sched_dep_at=pd.Timestamp("2013-01-16T01:00Z"), air_time_min=230.0, arr_hhmm=15.0)
    assert late == pd.Timestamp("2013-01-16T06:15Z"), "00:15 in Houston"


def test_a_landing_at_2400_is_midnight():
    late = landing(sched_dep_at=pd.Timestamp("2013-01-16T01:00Z"), air_time_min=230.0, arr_hhmm=2400.0)
    assert late == pd.Timestamp("2013-01-16T06:00Z")


def test_a_destination_that_no_table_knows_keeps_the_estimate():
    assert landing(destination="XXX") == pd.Timestamp("2013-01-15T10:15Z") + pd.Timedelta(minutes=2 + 227 + 25)


def test_a_flight_without_an_arrival_delay_has_not_landed():
    assert landing(arr_delay_min=None) is pd.NaT


def test_every_destination_of_2013_has_a_time_zone(year):
    assert set(year["flights"]["destination"].to_pylist()) <= set(airport_timezones())


@pytest.fixture(scope="module")
def published():
    """The package's own rows with the hour in UTC that it gives itself."""
    frame = pd.read_csv(package_data() / "flights.csv.zip", engine="pyarrow")
    day = pd.to_datetime(frame[["year", "month", "day"]])
    return frame.assign(at=departure_instant(day, frame["sched_dep_time"] % 2400), day=day)


def test_departures_equal_the_packages_own_hour_also_when_clocks_change(published):
    hour = pd.to_datetime(published["time_hour"], utc=True)
    wrong = published[published["at"].dt.floor("h") != hour]
    assert wrong.empty, wrong.head()
    for day in ("2013-03-10", "2013-11-03"):
        assert (published["day"] == day).sum() > 500


def test_the_year_in_utc_is_all_flights_but_those_of_new_years_eve(published, year):
    beyond = int((published["at"] >= pd.Timestamp("2014-01-01", tz="UTC")).sum())
    assert len(published) == 336_776 and 0 < beyond < 300
    assert year["flights"].num_rows == 336_776 - beyond


def test_flight_ids_are_unique(year):
    assert pc.count_distinct(year["flights"]["flight_id"]).as_py() == year["flights"].num_rows


def test_every_landing_is_as_long_after_departure_as_the_flight_was_in_the_air(year):
    landed = year["flights"].filter(pc.is_valid(year["flights"]["landed_at"])).to_pandas()
    assert len(landed) > 320_000
    ground_min = (landed["landed_at"] - landed["departed_at"]).dt.total_seconds() / 60 - landed["air_time_min"]
    assert ground_min.min() >= 0
    assert (ground_min < 300).all(), landed[ground_min >= 300].head()
    assert ground_min.between(5, 120).mean() > 0.995


def test_the_label_is_known_when_and_only_when_the_flight_landed(year):
    flights: pa.Table = year["flights"]
    assert pc.all(pc.equal(pc.is_valid(flights["landed_at"]), pc.is_valid(flights["arr_delay_min"]))).as_py()
