"""The Bureau of Transportation Statistics' monthly on-time files, as downloaded (transtats.bts.gov).

`TRAINYARD_BTS` names a folder or any fsspec URL that holds them under their published names,
`On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_2024_3.zip` or `.csv`. They carry no
weather: those features stay null.
"""

import os
import zipfile
import zlib
from datetime import date, timedelta
from typing import IO

import fsspec
import pandas as pd

from pipelines.datasets.flights.local_times import with_instants
from pipelines.datasets.flights.schema import WEATHER
from pipelines.errors import SourceError
from pipelines.interval import Interval

NEW_YORK_AIRPORTS = ("EWR", "JFK", "LGA")
STEM = "On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)"
COLUMNS = {
    "FlightDate": "day",
    "CRSDepTime": "sched_dep_hhmm",
    "IATA_CODE_Reporting_Airline": "carrier",
    "Flight_Number_Reporting_Airline": "flight_number",
    "Tail_Number": "tail_number",
    "Origin": "origin",
    "Dest": "destination",
    "Distance": "distance_mi",
    "Cancelled": "cancelled",
    "DepDelay": "dep_delay_min",
    "ArrDelay": "arr_delay_min",
    "AirTime": "air_time_min",
    "ArrTime": "arr_hhmm",
}
NUMBERS = ("CRSDepTime", "Flight_Number_Reporting_Airline", "Distance", "Cancelled")
NULLABLE_NUMBERS = ("DepDelay", "ArrDelay", "AirTime", "ArrTime")


def read(interval: Interval) -> dict[str, pd.DataFrame]:
    """Flights from New York scheduled within the interval (UTC), and no weather.

    Files are months of local time, so the first evening of a UTC month stands in the file before;
    that one may be absent, the others not. Raises SourceError naming the file and what is wrong with it.
    """
    folder = os.environ.get("TRAINYARD_BTS")
    if not folder:
        raise SourceError("flights: source 'bts' needs TRAINYARD_BTS, the folder or URL of the monthly files")
    earliest = (interval.start - timedelta(days=1)).date().replace(day=1)
    months, month = [], earliest
    while month < interval.end.date():
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    frames = [_month(folder, month, required=month >= interval.start.date().replace(day=1)) for month in months]
    flights = with_instants(pd.concat([frame for frame in frames if frame is not None], ignore_index=True))
    inside = (flights["sched_dep_at"] >= interval.start) & (flights["sched_dep_at"] < interval.end)
    return {"flights": flights[inside], "weather": WEATHER.empty_table().to_pandas()}


def _month(folder: str, month: date, required: bool) -> pd.DataFrame | None:
    stem = f"{folder.rstrip('/')}/{STEM}_{month.year}_{month.month}"
    for url in (f"{stem}.zip", f"{stem}.csv"):
        opened = fsspec.open(url, "rb")
        if opened.fs.exists(opened.path):
            with opened as file:
                return _flights(file, url, month)
    if required:
        raise SourceError(f"flights: no file for {month:%Y-%m}; looked for {stem}.zip and .csv")
    return None


def _flights(file: IO[bytes], url: str, month: date) -> pd.DataFrame:
    try:
        if url.endswith(".zip"):
            archive = zipfile.ZipFile(file)
            names = [name for name in archive.namelist() if name.endswith(".csv")]
            if len(names) != 1:
                raise SourceError(f"{url}: must hold one .csv, found {archive.namelist()}")
            file = archive.open(names[0])
        published = pd.read_csv(file, dtype=str, encoding="utf-8", usecols=lambda name: name in COLUMNS)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise SourceError(f"{url}: is not a readable ZIP ({error}); download it again") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{url}: is not UTF-8 (byte {error.start}: {error.object[error.start : error.start + 1]!r}); "
            "convert it with: iconv -f LATIN1 -t UTF-8"
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(f"{url}: is not CSV: {error}") from error
    missing = [name for name in COLUMNS if name not in published]
    if missing:
        raise SourceError(f"{url}: column {', '.join(missing)} is missing; found: {', '.join(published.columns)}")
    return _typed(published[published["Origin"].isin(NEW_YORK_AIRPORTS)].copy(), url, month)


def _typed(published: pd.DataFrame, url: str, month: date) -> pd.DataFrame:
    for name in (*NUMBERS, *NULLABLE_NUMBERS):
        try:
            published[name] = pd.to_numeric(published[name])
        except ValueError as error:
            raise SourceError(f"{url}: column {name} must be a number: {error}") from error
        if name in NUMBERS and published[name].isna().any():
            raise SourceError(f"{url}: column {name} is empty in {int(published[name].isna().sum())} rows")
    days = pd.to_datetime(published["FlightDate"], format="mixed", errors="coerce")
    strangers = published.loc[(days.dt.year != month.year) | (days.dt.month != month.month), "FlightDate"]
    if len(strangers):
        raise SourceError(
            f"{url}: {len(strangers)} rows are not of {month:%Y-%m}, such as FlightDate {strangers.iloc[0]}; "
            "the file is mislabelled or mixed"
        )
    local = published.rename(columns=COLUMNS)
    local["day"] = days
    integers = ["sched_dep_hhmm", "flight_number", "distance_mi"]
    local[integers] = local[integers].astype("int64")
    local["cancelled"] = local["cancelled"] == 1
    return local
