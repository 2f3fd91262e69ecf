"""Faults of known start and severity, put into the joined flights of 2013.

They are put into rows that are joined already: a real fault in a source would also, from then on, reach the rates that
are built from it. So what is injected is the least that such a fault does, and the labels alone move where a concept
does. A fault acts on rows whose scheduled departure is at its start or later; the same rows and start give the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from pipelines.datasets.flights.schema import KEY, LABEL_AT, TIME
from pipelines.drift.report import Cause
from pipelines.feature_store import PREDICT_AT
from pipelines.features import FeatureView, declared_views

SEED = 5
LABEL = "arr_delay_min"
WEEK = pd.Timedelta(weeks=1)
VIEWS: dict[str, FeatureView] = {view.name: view for view in declared_views("flights")}
Inject = Callable[[pd.DataFrame, pd.Timestamp], pd.DataFrame]


@dataclass(frozen=True)
class Fault:
    """inject: from joined rows, (n, columns), and the start to the rows with the fault. causes: each of them is right.
    names: one of them must be named with the cause. label_delay: what the model's spec then declares."""

    summary: str
    inject: Inject
    causes: frozenset[Cause]
    names: tuple[str, ...] = ()
    label_delay: timedelta | None = None


def scaled(columns: dict[str, tuple[float, float]]) -> Inject:
    """columns: factor and offset of each."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(rows, start, {name: rows[name] * by + plus for name, (by, plus) in columns.items()})

    return inject


def drifting(columns: tuple[str, ...], weekly: float) -> Inject:
    """Each value grows by that share a week, compounded, from the start on."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        factor = (1 + weekly) ** ((rows[TIME] - start) / WEEK)
        return _replaced(rows, start, {name: rows[name] * factor for name in columns})

    return inject


def renamed(column: str, old: str, new: str) -> Inject:
    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(rows, start, {column: rows[column].replace(old, new)})

    return inject


def sentinel(column: str, value: float) -> Inject:
    """A number where there was a null."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(rows, start, {column: rows[column].fillna(value)})

    return inject


def nulls(view: str, share: float) -> Inject:
    """The share of the rows finds nothing of the view, neither values nor their time."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        lost = np.random.default_rng(SEED).random(len(rows)) < share
        return _replaced(rows, start, {name: rows[name].mask(lost) for name in _columns(view)})

    return inject


def frozen(view: str) -> Inject:
    """Each entity's values stand still; their time goes on, so that no age limit sees it."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(rows, start, _as_of(rows, start, view, VIEWS[view].columns()))

    return inject


def stopped(view: str) -> Inject:
    """Nothing new comes: values and their time stand still, and are null once they are older than the view's limit."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        still = _as_of(rows, start, view, _columns(view))
        expired = rows[PREDICT_AT] - still[VIEWS[view].time_column] > VIEWS[view].ttl
        return _replaced(rows, start, {name: values.mask(expired) for name, values in still.items()})

    return inject


def clock_in_utc(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    return _replaced(rows, start, {"sched_dep_hour": rows[TIME].dt.hour})


def without(column: str, value: str) -> Inject:
    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return rows[~(_from(rows, start) & (rows[column] == value))]

    return inject


def halved(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Every other row is gone."""
    gone = _from(rows, start)
    return rows[~gone | (gone.cumsum() % 2 == 1)]


def doubled(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Every row comes twice, under another key: as when codeshares count as flights of their own."""
    twins = rows[_from(rows, start)]
    return pd.concat([rows, twins.assign(**{KEY: twins[KEY] + "-twin"})], ignore_index=True)


def arrivals_later(minutes: float) -> Inject:
    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(rows, start, {LABEL: rows[LABEL] + minutes})

    return inject


def evenings_like_mornings(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """Flights from 17:00 on arrive with delays drawn from those before 9:00: what made evenings late is gone."""
    after = _from(rows, start) & rows[LABEL].notna()
    mornings, evenings = after & (rows["sched_dep_hour"] < 9), after & (rows["sched_dep_hour"] >= 17)
    delay = rows[LABEL].copy()
    delay[evenings] = np.random.default_rng(SEED).choice(rows.loc[mornings, LABEL], int(evenings.sum()))
    return rows.assign(**{LABEL: delay})


def labels_late(delay: timedelta) -> Inject:
    """Every label comes with the delay, and with twice the delay from the start on."""

    def inject(rows: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
        return _replaced(
            rows.assign(**{LABEL_AT: rows[LABEL_AT] + delay}), start, {LABEL_AT: rows[LABEL_AT] + 2 * delay}
        )

    return inject


def _from(rows: pd.DataFrame, start: pd.Timestamp) -> pd.Series:
    return rows[TIME] >= start


def _replaced(rows: pd.DataFrame, start: pd.Timestamp, columns: dict[str, pd.Series]) -> pd.DataFrame:
    faulty = _from(rows, start)
    return rows.assign(**{name: rows[name].where(~faulty, values) for name, values in columns.items()})


def _columns(view: str) -> list[str]:
    return [*VIEWS[view].columns(), VIEWS[view].time_column]


def _as_of(rows: pd.DataFrame, start: pd.Timestamp, view: str, columns: list[str]) -> dict[str, pd.Series]:
    """Each row's columns as its entity had them in the first row at the start or later."""
    entities: list[Any] = list(VIEWS[view].entities)
    first = rows[_from(rows, start)].sort_values(TIME, kind="stable").drop_duplicates(entities)[[*entities, *columns]]
    still = rows[entities].merge(first, on=entities, how="left")
    return {name: still[name].set_axis(rows.index) for name in columns}


DATA: frozenset[Cause] = frozenset({"data_fault"})
CELSIUS = (5 / 9, -160 / 9)
METRES_PER_SECOND = (0.44704, 0.0)
ARRIVALS = tuple(VIEWS["origin_recent"].columns())
WEATHER = tuple(VIEWS["weather"].columns())
LABEL_DELAY = timedelta(days=20)

FAULTS = {
    "celsius": Fault(
        "temperature and dew point in °C instead of °F",
        scaled({"temperature_f": CELSIUS, "dew_point_f": CELSIUS}),
        DATA,
        ("temperature_f", "dew_point_f"),
    ),
    "metres_per_second": Fault(
        "wind and gusts in m/s instead of mph",
        scaled({"wind_speed_mph": METRES_PER_SECOND, "wind_gust_mph": METRES_PER_SECOND}),
        DATA,
        ("wind_speed_mph", "wind_gust_mph"),
    ),
    "percent_as_share": Fault(
        "humidity as a share of 1", scaled({"humidity_pct": (0.01, 0.0)}), DATA, ("humidity_pct",)
    ),
    "sentinel": Fault("9999 where no gust was reported", sentinel("wind_gust_mph", 9999.0), DATA, ("wind_gust_mph",)),
    "carrier_renamed": Fault("UA comes as UAL", renamed("carrier", "UA", "UAL"), DATA, ("carrier",)),
    "weather_nulls": Fault("40 % of the rows find no weather", nulls("weather", 0.4), DATA, WEATHER),
    "arrivals_nulls": Fault("10 % of the rows find no live arrivals", nulls("origin_recent", 0.1), DATA, ARRIVALS),
    "weather_frozen": Fault("the weather stands still, its time goes on", frozen("weather"), DATA, WEATHER),
    "arrivals_stopped": Fault("no live arrivals any more", stopped("origin_recent"), DATA, ARRIVALS),
    "clock_in_utc": Fault("scheduled hour in UTC", clock_in_utc, DATA, ("sched_dep_hour",)),
    "arrivals_drift": Fault(
        "live arrivals grow by 5 % a week", drifting(ARRIVALS, 0.05), DATA | {"covariate_shift"}, ARRIVALS
    ),
    "distance_drift": Fault(
        "the distance grows by 5 % a week",
        drifting(("distance_mi",), 0.05),
        DATA | {"covariate_shift"},
        ("distance_mi",),
    ),
    "airport_removed": Fault(
        "no flights from LaGuardia", without("origin", "LGA"), frozenset({"covariate_shift"}), ("origin",)
    ),
    "rows_halved": Fault("every other flight is missing", halved, frozenset({"volume"})),
    "rows_doubled": Fault("every flight comes twice", doubled, frozenset({"volume"})),
    "arrivals_later": Fault("all arrive 12 min later, inputs stay", arrivals_later(12), frozenset({"concept_shift"})),
    "evenings_on_time": Fault(
        "evening flights are as punctual as morning ones", evenings_like_mornings, frozenset({"concept_shift"})
    ),
    "labels_late": Fault(
        "labels after 40 days, declared 20", labels_late(LABEL_DELAY), frozenset({"late_labels"}), (), LABEL_DELAY
    ),
}
