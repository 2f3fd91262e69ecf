"""The features of a flight, as they were known two hours before its scheduled departure.

A value that carries a time is built from flights that had *landed* by then, never from flights that
had only been scheduled or had taken off. Written in Ibis: the same expressions run on DuckDB and Spark.
"""

from datetime import datetime, timedelta
from typing import Any

from pipelines.features import Feature, FeatureView

PREDICTION_LEAD = timedelta(hours=2)
LATE_MIN = 15  # the Department of Transportation's definition of a late arrival
# An operating day ends when New York sleeps (04:00 or 05:00 local), so that the last evening counts next morning.
DAY_BREAK = timedelta(hours=9)
LOOK_BACK = timedelta(days=30)
DAY_WINDOWS = (1, 7, 28)
HOUR_WINDOWS = (3, 6)


def _history(keys: tuple[str, ...]) -> Any:
    """Late rate and mean arrival delay over trailing operating days, per combination of keys.

    A row stands at the break after each operating day on which the entity had a landing.
    """

    def build(tables: dict[str, Any], start: datetime, end: datetime) -> Any:
        import ibis

        landed = tables["flights"].filter(tables["flights"].landed_at.notnull())
        # Whole days since the epoch: range windows need an ordinal, and integers keep it exact.
        day = (
            (landed.landed_at - ibis.interval(seconds=int(DAY_BREAK.total_seconds()))).epoch_seconds() // 86400
        ).cast("int64")
        daily = landed.group_by([*keys, day.name("day")]).aggregate(**_sums(landed))
        windows = {
            days: ibis.range_window(group_by=list(keys), order_by="day", preceding=days - 1, following=0)
            for days in DAY_WINDOWS
        }
        known_at = _at((daily.day + 1) * 86400 + int(DAY_BREAK.total_seconds()))
        rolling = daily.select(
            *keys,
            event_at=known_at,
            known_at=known_at,
            **_rates(daily, {f"{days}d": window for days, window in windows.items()}, prefix="_".join(keys)),
        )
        return rolling.filter((rolling.event_at >= start) & (rolling.event_at < end))

    return build


def _origin_recent(tables: dict[str, Any], start: datetime, end: datetime) -> Any:
    """Late rate and mean delay of the flights from each origin that landed in the last hours, every hour."""
    import ibis

    landed = tables["flights"].filter(tables["flights"].landed_at.notnull())
    hour = (landed.landed_at.epoch_seconds() // 3600 + 1).cast("int64")
    hourly = landed.group_by(["origin", hour.name("hour")]).aggregate(**_sums(landed))
    first, last = int(start.timestamp()) // 3600 - max(HOUR_WINDOWS), int(end.timestamp()) // 3600
    hours = ibis.range(first, last).unnest().name("hour").as_table().cast({"hour": "int64"})
    grid = tables["flights"].select("origin").distinct().cross_join(hours)
    filled = grid.left_join(hourly, ["origin", "hour"]).select(
        grid.origin,
        grid.hour,
        **{column: hourly[column].fill_null(0) for column in ("landings", "late", "delay_min")},
    )
    windows = {
        f"{hours}h": ibis.range_window(group_by="origin", order_by="hour", preceding=hours - 1, following=0)
        for hours in HOUR_WINDOWS
    }
    known_at = _at(filled.hour * 3600)
    rolling = filled.select("origin", event_at=known_at, known_at=known_at, **_rates(filled, windows, prefix="recent"))
    return rolling.filter((rolling.event_at >= start) & (rolling.event_at < end))


def _weather(tables: dict[str, Any], start: datetime, end: datetime) -> Any:
    """The observation of each hour, known once that hour is over."""
    import ibis

    observed = tables["weather"]
    known_at = observed.observed_at + ibis.interval(hours=1)
    rows = observed.select(
        "origin", event_at=known_at, known_at=known_at, **{name: observed[name] for name in WEATHER_COLUMNS}
    )
    return rows.filter((rows.event_at >= start) & (rows.event_at < end))


def _sums(landed: Any) -> dict[str, Any]:
    return {
        "landings": landed.count(),
        "late": (landed.arr_delay_min >= LATE_MIN).cast("int64").sum(),
        "delay_min": landed.arr_delay_min.cast("int64").sum(),
    }


def _rates(sums: Any, windows: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Sums are integers, so each ratio is the same to the last bit on every run."""
    rates = {}
    for span, window in windows.items():
        landings = sums.landings.sum().over(window).nullif(0)
        rates[f"{prefix}_late_rate_{span}"] = sums.late.sum().over(window) / landings
        rates[f"{prefix}_mean_delay_{span}"] = sums.delay_min.sum().over(window) / landings
    return rates


def _at(epoch_seconds: Any) -> Any:
    return epoch_seconds.as_timestamp("s").cast("timestamp('UTC', 6)")


def _rate_features(prefix: str, what: str, spans: dict[str, str]) -> tuple[Feature, ...]:
    return tuple(
        feature
        for span, words in spans.items()
        for feature in (
            Feature(f"{prefix}_late_rate_{span}", "share", f"share of {what} landed {words} that were 15+ min late"),
            Feature(f"{prefix}_mean_delay_{span}", "min", f"mean arrival delay of {what} landed {words}"),
        )
    )


WEATHER_COLUMNS = {
    "temperature_f": ("°F", "air temperature"),
    "dew_point_f": ("°F", "dew point"),
    "humidity_pct": ("%", "relative humidity"),
    "wind_direction_deg": ("°", "wind direction"),
    "wind_speed_mph": ("mph", "wind speed"),
    "wind_gust_mph": ("mph", "wind gusts; null when none were reported"),
    "precipitation_in": ("in", "precipitation of the hour"),
    "pressure_mbar": ("mbar", "sea-level pressure"),
    "visibility_mi": ("mi", "visibility"),
}


def _history_view(name: str, keys: tuple[str, ...], what: str) -> FeatureView:
    spans = {f"{days}d": f"in the last {days} operating days" for days in DAY_WINDOWS}
    return FeatureView(
        name=name,
        entities=keys,
        source="flights",
        owner="flight-data",
        refresh="at each partition, one value an operating day",
        ttl=timedelta(days=28),
        features=_rate_features("_".join(keys), what, spans),
        seasonal=True,
        build=_history(keys),
    )


VIEWS = (
    FeatureView(
        name="schedule",
        entities=(),
        source="flights",
        owner="flight-data",
        refresh="with the flight",
        ttl=timedelta(0),
        features=(
            Feature("carrier", "code", "marketing carrier (IATA)", dtype="category"),
            Feature("origin", "code", "airport of departure", dtype="category"),
            Feature("destination", "code", "airport of arrival", dtype="category"),
            Feature("sched_dep_hour", "hour", "scheduled hour of departure, New York time"),
            Feature("sched_dep_minute", "min", "scheduled minute within the hour"),
            Feature("sched_dep_weekday", "day", "weekday of departure, Monday is 0"),
            Feature("distance_mi", "mi", "great-circle distance"),
        ),
    ),
    FeatureView(
        name="weather",
        entities=("origin",),
        source="weather",
        owner="flight-data",
        refresh="at each partition, one value an hour",
        ttl=timedelta(hours=24),
        features=tuple(
            Feature(name, unit, f"{text}, last known hour") for name, (unit, text) in WEATHER_COLUMNS.items()
        ),
        seasonal=True,
        build=_weather,
    ),
    FeatureView(
        name="origin_recent",
        entities=("origin",),
        source="flights",
        owner="flight-data",
        refresh="at each partition, one value an hour",
        ttl=timedelta(hours=3),
        features=_rate_features(
            "recent", "flights from the origin", {f"{hours}h": f"in the last {hours} hours" for hours in HOUR_WINDOWS}
        ),
        seasonal=True,
        build=_origin_recent,
    ),
    _history_view("carrier_history", ("carrier",), "flights of the carrier"),
    _history_view("route_history", ("origin", "destination"), "flights of the route"),
    _history_view("tail_history", ("tail_number",), "flights of the aircraft"),
    _history_view("origin_hour_history", ("origin", "sched_dep_hour"), "flights from the origin at that hour"),
)
