"""The 336,776 flights that left New York in 2013, from the CSV files inside the package (CC0)."""

import pandas as pd

from pipelines.datasets.flights.local_times import package_data, with_instants
from pipelines.interval import Interval

FLIGHT_COLUMNS = {
    "sched_dep_time": "sched_dep_hhmm",
    "carrier": "carrier",
    "flight": "flight_number",
    "tailnum": "tail_number",
    "origin": "origin",
    "dest": "destination",
    "distance": "distance_mi",
    "dep_delay": "dep_delay_min",
    "arr_delay": "arr_delay_min",
    "air_time": "air_time_min",
    "arr_time": "arr_hhmm",
}
WEATHER_COLUMNS = {
    "origin": "origin",
    "time_hour": "observed_at",
    "temp": "temperature_f",
    "dewp": "dew_point_f",
    "humid": "humidity_pct",
    "wind_dir": "wind_direction_deg",
    "wind_speed": "wind_speed_mph",
    "wind_gust": "wind_gust_mph",
    "precip": "precipitation_in",
    "pressure": "pressure_mbar",
    "visib": "visibility_mi",
}


def read(interval: Interval) -> dict[str, pd.DataFrame]:
    """Flights scheduled to leave, and weather observed, within the interval (UTC)."""
    published = pd.read_csv(package_data() / "flights.csv.zip", engine="pyarrow")
    first, last = interval.start - pd.Timedelta(days=1), interval.end + pd.Timedelta(days=1)
    day = pd.to_datetime(published[["year", "month", "day"]])
    near = (day >= first.replace(tzinfo=None)) & (day <= last.replace(tzinfo=None))
    local = published.loc[near].rename(columns=FLIGHT_COLUMNS)
    local["day"] = day[near]
    local["cancelled"] = local["dep_time"].isna()
    flights = with_instants(local)

    weather = pd.read_csv(package_data() / "weather.csv", engine="pyarrow").rename(columns=WEATHER_COLUMNS)
    weather["observed_at"] = pd.to_datetime(weather["observed_at"], utc=True)
    return {
        "flights": flights[_within(flights["sched_dep_at"], interval)],
        "weather": weather[_within(weather["observed_at"], interval)],
    }


def _within(at: pd.Series, interval: Interval) -> pd.Series:
    return (at >= interval.start) & (at < interval.end)
