"""Windows and references of a few hundred made flights, for what is observed of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from pipelines.drift.windows import HeldOut, Reference, Window
from pipelines.interval import Interval, partition_interval
from pipelines.metrics import measure_all
from pipelines.spec import ModelSpec, find_model
from pipelines.training_set import Rows

APRIL = partition_interval("2013-04", "month")


def spec_with(name: str = "flight_delay", **monitoring: object) -> ModelSpec:
    """The shipped model with other monitoring; without slices, unless they are named."""
    spec = find_model(name)
    return spec.model_copy(update={"monitoring": spec.monitoring.model_copy(update={"slices": []} | monitoring)})


def made_rows(count: int = 600, interval: Interval = APRIL, seed: int = 0) -> Rows:
    """So many flights, evenly over the interval; a quarter of them late."""
    at = pd.Series(pd.date_range(interval.start, interval.end, periods=count + 1, inclusive="left", unit="us"))
    random = np.random.default_rng(seed)
    features = pd.DataFrame(
        {
            "origin": pd.Categorical(random.choice(["EWR", "JFK"], count)),
            "distance_mi": random.integers(100, 2500, count).astype("float64"),
        }
    )
    label = (random.random(count) < 0.25).astype("float64")
    day, key = at.dt.strftime("%F").to_numpy(), pd.Series([f"flight-{n}" for n in range(count)])
    return Rows(features, label, at, day, key)


def score_of(label: np.ndarray, skill: float = 0.2, seed: int = 1) -> np.ndarray:
    """Scores that know so much of the label; unknown labels are scored as on time."""
    noise = np.random.default_rng(seed).random(len(label))
    return np.clip(0.25 + skill * (np.nan_to_num(label) - 0.25) + 0.5 * (noise - 0.5), 0, 1)


def made_window(rows: Rows | None = None, scores: np.ndarray | None = None, as_of: datetime | None = None) -> Window:
    rows = made_rows() if rows is None else rows
    scores = score_of(rows.label) if scores is None else scores
    return Window("2013-04", APRIL, as_of or APRIL.end, rows, scores, None)


def made_reference(rows: Rows | None = None, columns: pd.DataFrame | None = None) -> Reference:
    """A champion of the quarter before, evaluated on these rows, with scores of the same skill."""
    rows = made_rows(1800, Interval(datetime(2013, 1, 1, tzinfo=UTC), APRIL.start), seed=7) if rows is None else rows
    scores = score_of(rows.label, seed=8)
    held_out = HeldOut(rows.label, scores, rows.day, pd.DataFrame() if columns is None else columns)
    metrics = measure_all("classification", rows.label, scores, rows.day)
    return Reference(3, APRIL.start, APRIL.start, rows, held_out, metrics, {}, False)


def without(rows: Rows, mask: np.ndarray) -> Rows:
    """The rows with those labels unknown."""
    return replace(rows, label=np.where(mask, np.nan, rows.label))


def days(count: float) -> timedelta:
    return timedelta(days=count)
