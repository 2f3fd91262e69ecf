"""Tables and files behind one URI: a local folder or s3://bucket/prefix.

Tables are Delta Lake (delta-io.github.io/delta-rs): replacing a partition is one atomic commit, and a
snapshot is named by (table, version). Files are written whole or not at all, and named by digest.
Credentials and endpoint of S3 come from the AWS_* variables.
"""

import contextlib
import hashlib
import io
import random
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from pyarrow import fs

from pipelines import s3
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.store_path import below, inside
from pipelines.table_versions import Snapshot, StoredFile, TableFiles, digest_of, quoted

COMMIT_ATTEMPTS = 8
# By whether the store is remote.
REFUSALS = {
    True: ("accessdenied", "access denied", "403 forbidden"),
    False: ("permission denied", "read-only file system", "not a directory"),
}
PARTIAL = ".partial"  # of a file that is being written, or whose writer was killed


class Store:
    """Everything the steps read and write.

    account: of the bucket, where it is not that of the AWS_* variables. Raises CallerError when a local folder cannot
    be written.
    """

    def __init__(self, uri: str, account: s3.Account | None = None) -> None:
        self.uri = uri.rstrip("/")
        self.account = account
        self.remote = "://" in self.uri
        self._looked_at: dict[str, DeltaTable] = {}
        if not self.remote:
            self.uri = str(Path(self.uri).absolute())

    @cached_property
    def _files(self) -> fs.FileSystem:
        if not self.remote:
            return fs.SubTreeFileSystem(self.uri, fs.LocalFileSystem())
        return s3.open_bucket(self.uri, self.account)

    @property
    def _options(self) -> dict[str, str]:
        return s3.delta_options(self.account) if self.remote else {}

    def location(self, path: str) -> str:
        """The absolute URI or local path of what lies at a relative path."""
        return f"{self.uri}/{inside(path)}"

    # Tables

    def replace_partition(self, table: str, rows: pa.Table, part: str, widen: bool = False) -> Snapshot:
        """Make `rows` the partition's rows, in one commit; the same rows again commit nothing.

        rows: without a `part` column; it is added. Order is kept. widen: a column that the table was made
        without is added to it, null in its other rows. Raises Unavailable when other writers win every attempt.
        """
        existing = self._open(table)
        if existing is not None and digest_of(self.read(table, part=part)) == digest_of(rows):
            return Snapshot(table, existing.version(), changed=False)
        keyed = rows.append_column("part", pa.array([part] * rows.num_rows, pa.string()))
        return self._commit(table, keyed, f"part = {quoted(part)}", ["part"], "merge" if widen else None)

    def commit_after(
        self, table: str, rows: pa.Table, version: int | None, replacing: str | None = None
    ) -> Snapshot | None:
        """Add rows to the table as it was at a version: compare and set.

        version: the one that the caller read; None when there was no table. replacing: a column; rows with the
        same values in it go in the same commit. A column that the table has not is added, null in the rows before.
        None, and nothing written, when another writer came between.
        """
        location, once, options = self.location(table), CommitProperties(max_commit_retries=0), self._options
        try:
            if version is None:
                write_deltalake(location, rows, mode="error", commit_properties=once, storage_options=options)
                return Snapshot(table, 0)
            read = self._looked_at_or_read(table, version)
            how: dict[str, Any] = {"schema_mode": "merge", "commit_properties": once}
            if replacing:
                only = f"{replacing} in ({', '.join(map(quoted, rows[replacing].unique().to_pylist()))})"
                write_deltalake(read, rows, mode="overwrite", predicate=only, **how)
            else:
                write_deltalake(read, rows, mode="append", **how)
        except CommitFailedError as error:
            self._refuse_unwritable(error)
            return None
        except (OSError, DeltaError) as error:
            self._refuse_unwritable(error)
            if version is None and self._open(table) is not None:
                return None
            raise
        return Snapshot(table, version + 1)

    def merge_files(self, table: str) -> None:
        """Put the rows of many small files into few, in a commit that changes no row; left out when others commit."""
        with contextlib.suppress(CommitFailedError):
            self.at(table).optimize.compact(commit_properties=CommitProperties(max_commit_retries=0))

    def checkpoint(self, table: str) -> None:
        """Put the state of the table's log into one file: whoever opens the table then reads only later commits."""
        self.at(table).create_checkpoint()

    def files_of(self, table: str) -> TableFiles | None:
        """Those of the newest version; None when there is no table. A commit after that version reads no log again."""
        delta = self._open(table)
        if delta is None:
            return None
        self._looked_at[table] = delta
        added = pa.table(delta.get_add_actions())["path"].to_pylist()
        return TableFiles(delta.version(), [f"{table}/{path}" for path in added])

    def read(self, table: str, part: str | None = None, version: int | None = None) -> pa.Table:
        """Rows of a table or of one of its partitions, newest or at a version, without `part`.

        Raises MissingInput when the table or the version is not there.
        """
        delta = self._open(table, version)
        if delta is None:
            wanted = f"The table {table}" if version is None else f"Version {version} of the table {table}"
            raise MissingInput(f"{wanted} is not in the store {self.uri}.")
        filters = [("part", "=", part)] if part is not None else None
        rows = delta.to_pyarrow_table(filters=filters)
        return rows.drop_columns(["part"]) if part is not None else rows

    def select(self, table: str, where: ds.Expression, columns: list[str] | None = None) -> pa.Table:
        """The rows of the newest version that the expression is true of; files that cannot hold one are not read.

        columns: those of them that the table has; all, and `part`, if left out. Raises MissingInput when the table
        is not there.
        """
        delta = self._open(table)
        if delta is None:
            raise MissingInput(f"The table {table} is not in the store {self.uri}.")
        found = delta.to_pyarrow_dataset()
        names = None if columns is None else [name for name in columns if name in found.schema.names]
        return found.to_table(columns=names, filter=where)

    def parts(self, table: str, version: int | None = None) -> list[str]:
        """Keys of the partitions that hold rows, sorted."""
        delta = self._open(table, version)
        return sorted({part["part"] for part in delta.partitions()}) if delta is not None else []

    def version(self, table: str) -> int | None:
        delta = self._open(table)
        return None if delta is None else delta.version()

    def versions_of(self, table: str, part: str) -> list[tuple[int, datetime, int]]:
        """The versions at which a partition got the rows that it kept until the next one, newest first.

        Each with the time of its commit (UTC) and its number of rows.
        """
        found: list[tuple[int, datetime, int]] = []
        newest = self._open(table)
        if newest is None:
            return []
        files: frozenset[str] = frozenset()
        for commit in sorted(newest.history(), key=lambda commit: int(commit["version"])):
            version, at = int(commit["version"]), datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
            added = pa.table(self.at(table, version).get_add_actions(flatten=True))
            own = [row for row in added.to_pylist() if row.get("partition.part") == part]
            if files != (files := frozenset(row["path"] for row in own)):
                found.append((version, at, sum(row["num_records"] for row in own)))
        return found[::-1]

    def _open(self, table: str, version: int | None = None) -> DeltaTable | None:
        try:
            return self.at(table, version)
        except TableNotFoundError:
            return None
        except DeltaError:
            newest = self.version(table) if version is not None else None
            if newest is not None and version is not None and version > newest:
                return None
            raise

    def at(self, table: str, version: int | None = None) -> DeltaTable:
        return DeltaTable(self.location(table), version=version, storage_options=self._options)

    def _looked_at_or_read(self, table: str, version: int) -> DeltaTable:
        """To read the log once more than `files_of` did would leave others time to come between."""
        delta = self._looked_at.pop(table, None)
        return delta if delta is not None and delta.version() == version else self.at(table, version)

    def _commit(
        self, table: str, rows: pa.Table, predicate: str, partition_by: list[str], schema: Literal["merge"] | None
    ) -> Snapshot:
        location, options = self.location(table), self._options
        for attempt in range(COMMIT_ATTEMPTS):
            existing = self._open(table)
            try:
                if existing is not None:
                    write_deltalake(existing, rows, mode="overwrite", predicate=predicate, schema_mode=schema)
                else:
                    write_deltalake(location, rows, mode="error", partition_by=partition_by, storage_options=options)
            except CommitFailedError:
                time.sleep(random.uniform(0, 0.05 * 2**attempt))
                continue
            except (OSError, DeltaError) as error:
                self._refuse_unwritable(error)
                if existing is None and self._open(table) is not None:
                    continue  # another writer made the table first
                raise
            version = self.version(table)
            assert version is not None
            return Snapshot(table, version)
        raise Unavailable(f"The table {table} was changed by others in each of {COMMIT_ATTEMPTS} attempts to commit.")

    # Files

    def write_file(self, path: str, content: bytes) -> str:
        """Put a file there whole, replacing what was; returns its SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        folder = inside(path).rpartition("/")[0]
        try:
            if self.remote:
                with self._files.open_output_stream(path) as sink:
                    sink.write(content)
            else:
                self._files.create_dir(folder, recursive=True)
                partial = f"{path}.{uuid4().hex}{PARTIAL}"
                with self._files.open_output_stream(partial) as sink:
                    sink.write(content)
                Path(self.location(partial)).replace(self.location(path))
        except OSError as error:
            self._refuse_unwritable(error)
            raise
        return digest

    def write_parquet(self, path: str, rows: pa.Table) -> str:
        """A Parquet file in microseconds, as Feast reads it; returns its SHA-256."""
        sink = io.BytesIO()
        pq.write_table(rows.replace_schema_metadata(None), sink, coerce_timestamps="us", compression="zstd")
        return self.write_file(path, sink.getvalue())

    def read_file(self, path: str) -> bytes:
        """Raises FileNotFoundError."""
        with self._files.open_input_stream(inside(path)) as source:
            content: bytes = source.read()
        return content

    def read_parquet(self, path: str, columns: list[str] | None = None) -> pa.Table:
        """The file's rows, all columns or those named."""
        with self._files.open_input_file(inside(path)) as source:
            return pq.read_table(source, columns=columns)

    def open_parquet(self, paths: list[str], schema: pa.Schema | None = None) -> ds.Dataset:
        """The files' rows as one dataset, read when they are scanned; by the first's schema if none is given."""
        places = [inside(path) for path in paths]
        return ds.dataset(places, schema=schema, format="parquet", filesystem=self._files)

    def exists(self, path: str) -> bool:
        return bool(self._files.get_file_info(inside(path)).type == fs.FileType.File)

    def list_files(self, folder: str, suffix: str) -> list[str]:
        """Names of the files in a folder that end so, without the suffix, sorted."""
        found = self._files.get_file_info(fs.FileSelector(below(folder), allow_not_found=True))
        names = [info.base_name for info in found if not info.base_name.endswith(PARTIAL)]
        return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))

    def files_below(self, folder: str) -> dict[str, datetime]:
        """Paths of all whole files below a folder, with the time (UTC) at which each was written."""
        found = self.stored_below(folder).items()
        return {path: file.written_at for path, file in found if not path.endswith(PARTIAL)}

    def stored_below(self, folder: str) -> dict[str, StoredFile]:
        """Paths of all files below a folder, those that a killed writer left unfinished among them."""
        found = self._files.get_file_info(fs.FileSelector(below(folder), recursive=True, allow_not_found=True))
        return {info.path: StoredFile(info.size, info.mtime) for info in found if info.type == fs.FileType.File}

    def delete(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it; what is not there is no error."""
        with contextlib.suppress(FileNotFoundError):
            folder = self._files.get_file_info(inside(path)).type == fs.FileType.Directory
            (self._files.delete_dir if folder else self._files.delete_file)(path)

    def _refuse_unwritable(self, error: Exception) -> None:
        remedy = "Use a key that may write there" if self.remote else "Give a writable folder: TRAINYARD_STORE=…"
        if any(words in str(error).lower() for words in REFUSALS[self.remote]):
            raise CallerError(f"The store {self.uri} cannot be written ({error}). {remedy}") from error
