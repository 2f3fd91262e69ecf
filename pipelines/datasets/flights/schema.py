"""The columns of the flights dataset's tables, as the store keeps them."""

import pyarrow as pa

UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")

# Delays are whole minutes; integers keep every sum exact, so that the same rows give the same digest.
FLIGHTS = pa.schema(
    [
        ("flight_id", pa.string()),
        ("carrier", pa.string()),
        ("flight_number", pa.int32()),
        ("tail_number", pa.string()),
        ("origin", pa.string()),
        ("destination", pa.string()),
        ("distance_mi", pa.int32()),
        ("sched_dep_at", UTC_MICROSECONDS),
        ("sched_dep_hour", pa.int32()),
        ("sched_dep_minute", pa.int32()),
        ("sched_dep_weekday", pa.int32()),
        ("cancelled", pa.bool_()),
        ("dep_delay_min", pa.int32()),
        ("arr_delay_min", pa.int32()),
        ("air_time_min", pa.int32()),
        ("departed_at", UTC_MICROSECONDS),
        ("landed_at", UTC_MICROSECONDS),
    ]
)

WEATHER = pa.schema(
    [
        ("origin", pa.string()),
        ("observed_at", UTC_MICROSECONDS),
        ("temperature_f", pa.float64()),
        ("dew_point_f", pa.float64()),
        ("humidity_pct", pa.float64()),
        ("wind_direction_deg", pa.float64()),
        ("wind_speed_mph", pa.float64()),
        ("wind_gust_mph", pa.float64()),
        ("precipitation_in", pa.float64()),
        ("pressure_mbar", pa.float64()),
        ("visibility_mi", pa.float64()),
    ]
)

TABLES = {"flights": FLIGHTS, "weather": WEATHER}
MAIN_TABLE = "flights"
KEY = "flight_id"
TIME = "sched_dep_at"
# When a row's label became known; before that a run pretends not to know it.
LABEL_AT = "landed_at"
# Rows of one local day share weather and queues: intervals are clustered by it.
CLUSTER_TIMEZONE = "America/New_York"
