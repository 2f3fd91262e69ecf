"""Real held-out scores of the flights of 2013 by models of several makes.

Each make is the shipped recipe with another seed or with fewer features, fitted anew before each month
that it scores: what a candidate's walk-forward scores are.
"""

import contextlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from embedded.year import MODEL, month_start
from pipelines import flow
from pipelines.__main__ import run_step
from pipelines.interval import Interval
from pipelines.metrics import day_codes
from pipelines.spec import ModelSpec, find_model
from pipelines.store import Store
from pipelines.training_set import Rows, feature_names, load, read, split_of
from pipelines.walk_forward import hold_out

LAST_MONTH = 12
Made = TypeVar("Made")
CHAMPION = "shipped recipe"


@dataclass(frozen=True)
class Make:
    """without: views of the shipped model that it does not see. age_months: between its last row and its scores."""

    seed: int
    without: tuple[str, ...] = ()
    age_months: int = 0


HISTORY = ("carrier_history", "route_history", "tail_history", "origin_hour_history")
MAKES = {
    CHAMPION: Make(13),
    "seed 14": Make(14),
    "seed 15": Make(15),
    "a month old": Make(13, age_months=1),
    "no feed": Make(13, ("origin_recent",)),
    "no weather": Make(13, ("weather",)),
    "no history": Make(13, ("origin_recent", *HISTORY)),
}


@dataclass(frozen=True)
class Population:
    """Flights in the order of their days. label, day: (n,), day 0, 1, …; log_odds: by make, (n,)."""

    label: np.ndarray
    day: np.ndarray
    log_odds: dict[str, np.ndarray]


def prepare(folder: Path, report: Callable[[str], None]) -> Store:
    """A store of its own with the whole year joined, made by the pipeline's own steps."""
    os.environ["TRAINYARD_HOME"] = str(folder)
    os.environ["TRAINYARD_STORE"] = str(folder / "store")
    os.environ["TRAINYARD_FEAST_REGISTRY"] = f"sqlite:///{folder}/feast/registry.db"
    os.environ["TRAINYARD_FEAST_ONLINE"] = f"{folder}/feast/online.db"
    for month in range(1, LAST_MONTH + 1):
        report(f"data of month {month}")
        for step in flow.steps_of("data"):
            _quietly(lambda step=step, month=month: run_step(step, "flights", _span(month)))
    report("training set of the year")
    _quietly(lambda: run_step(flow.BY_NAME["assemble"], MODEL, _span(LAST_MONTH)))
    return Store(str(folder / "store"))


def population(store: Store, first_month: int, kept: Path, report: Callable[[str], None]) -> Population:
    """Scores of every make for the months from the first to December; kept: a folder of those made before."""
    spec = find_model(MODEL)
    rows: Rows | None = None
    frames = {}
    for name, make in MAKES.items():
        path = kept / f"{name.replace(' ', '_')}-from-{first_month}.parquet"
        if not path.exists():
            rows = rows or load(store, spec, read(store, MODEL, month_start(LAST_MONTH + 1)))
            _score(name, make, rows, first_month, report).to_parquet(path)
        frames[name] = pd.read_parquet(path).sort_values(["day", "key"], ignore_index=True)
    shipped = frames[CHAMPION]
    if not all(frame["key"].equals(shipped["key"]) for frame in frames.values()):
        raise SystemExit(f"the scores in {kept} are of different flights: remove that folder, they are made again")
    day, _ = day_codes(shipped["day"].to_numpy())
    log_odds = {name: np.log(frame["score"] / (1 - frame["score"])).to_numpy() for name, frame in frames.items()}
    return Population(shipped["label"].to_numpy(), day, log_odds)


def _score(name: str, make: Make, rows: Rows, first_month: int, report: Callable[[str], None]) -> pd.DataFrame:
    spec, frames = _spec_of(find_model(MODEL), make), []
    seen = replace(rows, features=rows.features[feature_names(spec)])
    for month in range(first_month, LAST_MONTH + 1):
        report(f"{name}: month {month}")
        held_out = _quietly(lambda month=month: hold_out(spec, split_of(spec, month_start(month + 1)), seen))
        columns = {"key": held_out.rows.key.to_numpy(), "day": held_out.rows.day, "label": held_out.rows.label}
        scored = pd.DataFrame({**columns, "score": held_out.scores["candidate"].astype("float64")})
        frames.append(scored[(held_out.rows.at >= month_start(month)).to_numpy()])
    return pd.concat(frames, ignore_index=True)


def _spec_of(shipped: ModelSpec, make: Make) -> ModelSpec:
    held_out = {"evaluation_months": 1 + make.age_months, "baselines": []}
    training = shipped.training.model_copy(update={"seed": make.seed, **held_out})
    features = [view for view in shipped.features if view not in make.without]
    return shipped.model_copy(update={"training": training, "features": features})


def _span(month: int) -> Interval:
    return Interval(month_start(month), month_start(month + 1))


def _quietly(make: Callable[[], Made]) -> Made:
    with contextlib.redirect_stdout(io.StringIO()):
        return make()
