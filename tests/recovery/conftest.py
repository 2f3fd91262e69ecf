"""A stack's parts: a real PostgreSQL with three databases, a store with a journal, artifacts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from embedded import recovery as embedded_recovery
from embedded.drill import thrown_away
from pipelines.journal import Event, record
from pipelines.store import Store
from recovery import database
from recovery.places import DATABASES, Places
from recovery.tree import open_tree
from recovery.vault import Vault


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """Addresses of the databases of a server of its own."""
    with thrown_away() as home, embedded_recovery.databases(home):
        yield dict(embedded_recovery.places(home).databases)


@pytest.fixture
def databases(postgres) -> dict[str, str]:
    for url in postgres.values():
        database.load(url, iter([]))
    return postgres


@pytest.fixture
def places(databases, tmp_path: Path) -> Places:
    """Of a small stack that holds something in every part."""
    for name in DATABASES:
        fill(databases[name], name)
    store = Store(str(tmp_path / "store"))
    pull(store, 1)
    (tmp_path / "artifacts" / "1").mkdir(parents=True)
    (tmp_path / "artifacts" / "1" / "model.ubj").write_bytes(b"trees")
    return Places(databases=databases, store=store.uri, artifacts=str(tmp_path / "artifacts"))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(open_tree(str(tmp_path / "backups")))


@pytest.fixture
def empty(places: Places, tmp_path: Path) -> Callable[[], Places]:
    """Empties the databases; the places of a stack that holds nothing."""

    def made() -> Places:
        for url in places.databases.values():
            database.load(url, iter([]))
        return replace(places, store=str(tmp_path / "new" / "store"), artifacts=str(tmp_path / "new" / "artifacts"))

    return made


def fill(url: str, content: str) -> None:
    script = f"CREATE TABLE kept (content text);\nINSERT INTO kept VALUES ('{content}');\n"
    database.load(url, iter([script.encode()]))


def content(url: str) -> str:
    return database._run(url, [*database._psql(), "--command", "SELECT content FROM kept"]).decode().strip()


def pull(store: Store, number: int) -> None:
    """As a step does: rows, then a manifest that names their version, then the journal that names the manifest."""
    snapshot = store.replace_partition("raw/flights/flights", pa.table({"value": [number]}), "2013-01")
    store.write_file(f"features/{number:04}.json", f'{{"version": {snapshot.version}}}'.encode())
    at = datetime(2013, 1, 1, number // 60, number % 60, tzinfo=UTC)
    record(store, Event("validated", "made", at, {"manifest": f"features/{number:04}.json"}))
