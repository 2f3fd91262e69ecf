"""Take a backup of a stack that may be running.

Airflow's database comes first: it says what is done, and what is done must be in the copy. Then the store
(`recovery.consistent`), then MLflow's database, which has every version that the store names, then the artifacts
that it names, and Feast. A file that the last backup has in the same size and of the same time is not read again.
"""

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pipelines.layout import JOURNAL_TABLE
from pipelines.release.provenance import code_state
from recovery import database
from recovery.consistent import End, end_of, is_passing, plain_files, table_files, tables_in
from recovery.errors import Vanished
from recovery.lock import only_one
from recovery.manifest import KeptFile, Manifest, Part
from recovery.places import SPECS, Places
from recovery.tree import Folder, Stat, Tree, open_tree
from recovery.vault import Vault, open_vault

# A file written so shortly before the last backup may have been written again within the same tick of its clock.
UNSURE_NS = 2 * 10**9
PROGRAM_FILES = "__pycache__"


class Backup:
    """One backup under way. full: read everything, and write damaged contents of the vault again."""

    def __init__(self, vault: Vault, places: Places, full: bool = False) -> None:
        self.vault, self.places, self.full = vault, places, full
        self.started_at = datetime.now(UTC)
        self.before = None if full else vault.newest()
        self.parts: dict[Part, dict[str, KeptFile]] = {}
        self.tables: dict[str, int] = {}
        self.read_bytes = self.new_bytes = 0

    def run(self, say: Callable[[str], None]) -> Manifest:
        """Raises Vanished where a table was vacuumed meanwhile; nothing but unnamed contents is left then."""
        say("Airflow's database")
        self._dump("airflow")
        say("the store")
        self._store(open_tree(self.places.store))
        say("MLflow's database and artifacts")
        self._dump("mlflow")
        artifacts = open_tree(self.places.artifacts)
        self._copy("artifacts", artifacts, sorted(artifacts.files().items()))
        say("Feast and the specs")
        self._dump("feast")
        self._online()
        self._specs()
        manifest = Manifest(
            format=1,
            started_at=self.started_at.isoformat(),
            ended_at=datetime.now(UTC).isoformat(),
            code=code_state(self.places.repository),
            tables=self.tables,
            parts=self.parts,
            read_bytes=self.read_bytes,
            new_bytes=self.new_bytes,
        )
        self.vault.add(manifest)
        return manifest

    def _dump(self, name: str) -> None:
        with database.dump(self.places.databases[name]) as file:
            self._keep_file("databases", f"{name}.sql", file)

    def _store(self, store: Tree) -> None:
        journal = end_of(store, JOURNAL_TABLE)
        seen = store.files()
        self._copy("store", store, plain_files(seen), needed=False)
        ends = [end for table in tables_in(seen) if table != JOURNAL_TABLE and (end := end_of(store, table))]
        for end in [*ends, *([journal] if journal else [])]:
            self._table(store, end)

    def _table(self, store: Tree, end: End) -> None:
        self._copy("store", store, table_files(store, end))
        self.tables[end.table] = end.version

    def _online(self) -> None:
        """SQLite's own copy, which holds no half-written transaction."""
        if self.places.online is None:
            return
        with tempfile.TemporaryDirectory() as folder:
            copied = Path(folder) / self.places.online.name
            with (
                contextlib.closing(sqlite3.connect(f"file:{self.places.online}?mode=ro", uri=True)) as source,
                contextlib.closing(sqlite3.connect(copied)) as target,
            ):
                source.backup(target)
            self._keep_file("online", self.places.online.name, copied)

    def _specs(self) -> None:
        repository = Folder(self.places.repository)
        for folder in SPECS:
            files = {path: stat for path, stat in repository.files(folder).items() if PROGRAM_FILES not in path}
            self._copy("specs", repository, sorted(files.items()))

    def _copy(self, part: Part, tree: Tree, files: Iterable[tuple[str, Stat]], needed: bool = True) -> None:
        """needed: whether a file that is gone by now means that the backup would not be whole."""
        kept = self.parts.setdefault(part, {})
        for path, stat in files:
            if is_passing(path):
                continue
            known = self._known(part, path, stat)
            try:
                kept[path] = known or self._keep(lambda path=path: tree.read(path), stat)  # type: ignore[misc]
            except FileNotFoundError as error:
                if needed:
                    raise Vanished(
                        f"{tree.uri}/{path} was deleted while copied: maintenance runs, or a table is made anew. "
                        "Nothing is lost: take the backup again"
                    ) from error

    def _known(self, part: Part, path: str, stat: Stat) -> KeptFile | None:
        """As the last backup has it, where nothing says that it was written since."""
        before = self.before.parts.get(part, {}).get(path) if self.before else None
        if before is None or self.before is None or not self.vault.has(before):
            return None
        sure = datetime.fromisoformat(self.before.started_at).timestamp() * 1e9 - UNSURE_NS
        same = (before.size, before.mtime_ns) == (stat.size, stat.mtime_ns) and stat.mtime_ns < sure
        return before if same else None

    def _keep_file(self, part: Part, name: str, file: Path) -> None:
        folder = Folder(file.parent)
        self.parts.setdefault(part, {})[name] = self._keep(
            lambda: folder.read(file.name), Stat(file.stat().st_size, mtime_ns=0)
        )

    def _keep(self, read: Callable[[], Iterator[bytes]], stat: Stat) -> KeptFile:
        kept, new = self.vault.keep(read, stat, again=self.full)
        self.read_bytes += kept.size
        self.new_bytes += kept.size if new else 0
        return kept


def take(
    places: Places, target: str, full: bool = False, keep: int | None = None, say: Callable[[str], None] = print
) -> Manifest:
    """A new backup in the target, a folder or s3://; with `keep`, of the older ones only so many stay.

    Raises Busy while another is taken there.
    """
    vault = open_vault(target)
    with only_one(vault.tree):
        manifest = Backup(vault, places, full).run(say)
        if keep is not None:
            going, freed = vault.prune(keep)
            say(f"deleted {len(going)} older backups, {freed:,} bytes")
    return manifest
