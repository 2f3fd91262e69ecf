"""What the store tells of a version of a table and of a file, and how it names rows."""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class Snapshot:
    """One version of one table; `changed` is False when the write found the same rows there already."""

    table: str
    version: int
    changed: bool = True

    def __str__(self) -> str:
        return f"{self.table}@{self.version}"


@dataclass(frozen=True)
class TableFiles:
    """The files that hold the rows of a version. paths: under the store's URI; no such file ever changes."""

    version: int
    paths: list[str]


@dataclass(frozen=True)
class StoredFile:
    """size: bytes; written_at: UTC."""

    size: int
    written_at: datetime


def digest_of(table: pa.Table) -> str:
    """SHA-256 over the rows in their order, independent of how they were chunked, or cut from a longer table."""
    # Taking every row makes equal tables equal in memory, also beneath nulls and beyond a slice's end.
    table = table.take(np.arange(table.num_rows))
    sink = hashlib.sha256()
    sink.update(table.schema.remove_metadata().to_string().encode())
    buffer = io.BytesIO()
    with pa.ipc.new_stream(buffer, table.schema.remove_metadata()) as writer:
        writer.write_table(table.replace_schema_metadata(None).combine_chunks())
    sink.update(buffer.getbuffer())
    return sink.hexdigest()


def quoted(value: str) -> str:
    """As a string in a predicate."""
    return "'" + value.replace("'", "''") + "'"
