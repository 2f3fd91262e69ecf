"""Real flights of March 2013 in the format that the Bureau of Transportation Statistics publishes."""

import pandas as pd

from pipelines.datasets.flights.bts import STEM
from pipelines.datasets.flights.local_times import package_data


def name_of(month: int = 3, year: int = 2013, ending: str = "csv") -> str:
    return f"{STEM}_{year}_{month}.{ending}"


def hhmm(values: pd.Series) -> pd.Series:
    """Clock times as four digits, and nothing where the flight did not fly."""
    return values.map(lambda value: "" if pd.isna(value) else f"{int(value):04}")


def month_of_flights(month: int) -> pd.DataFrame:
    """Some of the month's flights (every 40th, with its first and last evening): published columns, all text."""
    flights = pd.read_csv(package_data() / "flights.csv.zip", engine="pyarrow")
    flights = flights[flights["month"] == month].reset_index(drop=True)
    evening = flights["day"].isin([1, flights["day"].max()]) & (flights["hour"] >= 18)
    flights = flights[evening | (flights.index % 40 == 0)]
    delays = {name: flights[name].map("{:.2f}".format).replace("nan", "") for name in ("dep_delay", "arr_delay")}
    day = pd.to_datetime(flights[["year", "month", "day"]])
    return pd.DataFrame(
        {
            "Year": "2013",
            "FlightDate": day.dt.strftime("%Y-%m-%d"),
            "IATA_CODE_Reporting_Airline": flights["carrier"],
            "Tail_Number": flights["tailnum"],
            "Flight_Number_Reporting_Airline": flights["flight"].astype(str),
            "Origin": flights["origin"],
            "OriginCityName": "New York, NY",
            "Dest": flights["dest"],
            "CRSDepTime": hhmm(flights["sched_dep_time"]),
            "DepDelay": delays["dep_delay"],
            "ArrTime": hhmm(flights["arr_time"]),
            "ArrDelay": delays["arr_delay"],
            "Cancelled": flights["dep_time"].isna().map({True: "1.00", False: "0.00"}),
            "AirTime": flights["air_time"].map("{:.2f}".format).replace("nan", ""),
            "Distance": flights["distance"].map("{:.2f}".format),
            "Unnamed: 109": "",
        }
    )


def elsewhere(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with some that left another city: the published files hold the whole country."""
    return pd.concat([rows, rows.head(5).assign(Origin="SFO")], ignore_index=True)
