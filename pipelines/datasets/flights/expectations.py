"""The contract of a partition of flights, as code (Great Expectations).

Critical failures stop the partition, warnings are recorded. Empty columns and frames pass range, set
and uniqueness checks, so each of those stands beside a row count and a null rate.
"""

from typing import Any

import great_expectations.expectations as gxe
import pandas as pd

from pipelines.contract import PartitionContext
from pipelines.datasets.flights.schema import FLIGHTS, KEY

NEW_YORK_AIRPORTS = ["EWR", "JFK", "LGA"]
KNOWN_CARRIERS = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]
REQUIRED = [
    "flight_id",
    "carrier",
    "flight_number",
    "origin",
    "destination",
    "distance_mi",
    "sched_dep_at",
    "sched_dep_hour",
    "cancelled",
]
NUMBERS = ["int32", "int64", "float64", "Int32", "Int64"]
# Pulled counts may swing with the season; twice or half the trailing median is a broken feed.
ROW_COUNT_BAND = (0.5, 2.0)
FRESH_HOURS = 48

DERIVED = ["sched_dep_seconds", "departed_seconds", "landed_seconds", "cancelled_with_arrival", "delay_without_landing"]


def prepare(rows: pd.DataFrame) -> pd.DataFrame:
    """The partition's rows with the columns that the cross-column checks compare.

    Instants become seconds since the epoch: Great Expectations compares numbers, not zoned times.
    A column that is missing leaves its derived ones out, and the checks on them are errors, which block.
    """
    frame = rows.reset_index(drop=True)
    for name in ("sched_dep_at", "departed_at", "landed_at"):
        if name in rows:
            since_epoch = pd.to_datetime(frame[name], utc=True) - pd.Timestamp(0, tz="UTC")
            frame[f"{name.removesuffix('_at')}_seconds"] = since_epoch.dt.total_seconds()
    if {"cancelled", "arr_delay_min", "landed_at"} <= set(rows):
        arrived = frame["arr_delay_min"].notna()
        frame["cancelled_with_arrival"] = frame["cancelled"].eq(True) & arrived
        frame["delay_without_landing"] = arrived & frame["landed_at"].isna()
    return frame


def suite(context: PartitionContext) -> list[Any]:
    """Expectations for the main table's rows of one partition."""
    return [*_shape(context), *_columns(), *_time(context), *_consistency()]


def _shape(context: PartitionContext) -> list[Any]:
    expected = [gxe.ExpectTableColumnsToMatchSet(column_set=[*FLIGHTS.names, *DERIVED], exact_match=True)]
    if context.trailing_median_rows is None:
        return [*expected, gxe.ExpectTableRowCountToBeBetween(min_value=1)]
    low, high = (int(context.trailing_median_rows * factor) for factor in ROW_COUNT_BAND)
    return [*expected, gxe.ExpectTableRowCountToBeBetween(min_value=max(low, 1), max_value=high)]


def _columns() -> list[Any]:
    numbers = ["distance_mi", "sched_dep_hour", "dep_delay_min", "arr_delay_min", "air_time_min"]
    return [
        *[gxe.ExpectColumnValuesToBeInTypeList(column=name, type_list=NUMBERS) for name in numbers],
        *[gxe.ExpectColumnValuesToNotBeNull(column=name) for name in REQUIRED],
        gxe.ExpectColumnValuesToBeUnique(column=KEY),
        gxe.ExpectColumnValuesToBeInSet(column="origin", value_set=NEW_YORK_AIRPORTS),
        gxe.ExpectColumnValuesToBeInSet(column="carrier", value_set=KNOWN_CARRIERS, severity="warning"),
        gxe.ExpectColumnValueLengthsToEqual(column="destination", value=3),
        gxe.ExpectColumnValuesToBeBetween(column="distance_mi", min_value=10, max_value=6000),
        gxe.ExpectColumnValuesToBeBetween(column="sched_dep_hour", min_value=0, max_value=23),
        gxe.ExpectColumnValuesToBeBetween(column="dep_delay_min", min_value=-120, max_value=3000),
        gxe.ExpectColumnValuesToBeBetween(column="arr_delay_min", min_value=-180, max_value=3000),
        gxe.ExpectColumnValuesToBeBetween(column="air_time_min", min_value=10, max_value=1000),
        gxe.ExpectColumnValuesToNotBeNull(column="arr_delay_min", mostly=0.8),
        gxe.ExpectColumnValuesToNotBeNull(column="dep_delay_min", mostly=0.8),
        gxe.ExpectColumnValuesToNotBeNull(column="tail_number", mostly=0.9),
        gxe.ExpectColumnValuesToNotBeNull(column="tail_number", mostly=0.97, severity="warning"),
    ]


def _time(context: PartitionContext) -> list[Any]:
    start, end = context.seconds
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="sched_dep_seconds", min_value=start, max_value=end, strict_max=True, notes="inside the partition"
        ),
        gxe.ExpectColumnMaxToBeBetween(
            column="sched_dep_seconds", min_value=end - FRESH_HOURS * 3600, severity="warning", notes="fresh to its end"
        ),
    ]


def _consistency() -> list[Any]:
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="landed_seconds",
            column_B="departed_seconds",
            ignore_row_if="either_value_is_missing",
            notes="arrival after departure",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="cancelled_with_arrival", value_set=[False], notes="a cancelled flight has no arrival"
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="delay_without_landing", value_set=[False], notes="an arrival delay comes with a landing"
        ),
    ]
