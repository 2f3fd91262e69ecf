"""Backups of a small stack, restored and compared."""

import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.journal import everything
from pipelines.store import Store
from recovery import database
from recovery.backup import Backup, take
from recovery.errors import Busy, Damaged, NotEmpty, Vanished
from recovery.lock import only_one
from recovery.restoration import MARK, restore
from recovery.tree import open_tree
from recovery.vault import Vault, open_vault
from tests.recovery.conftest import content, pull

pytestmark = pytest.mark.slow


def quiet(line: str) -> None:
    pass


def taken(places, vault, **options):
    return take(places, vault.tree.uri, say=quiet, **options)


def files(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_what_is_restored_is_what_was_backed_up(places, vault, empty):
    manifest = taken(places, vault)
    target = empty()
    restore(target, vault, manifest, say=quiet)
    assert files(target.store) == files(places.store) and files(target.artifacts) == files(places.artifacts)
    assert {name: content(url) for name, url in target.databases.items()} == {name: name for name in target.databases}
    assert manifest.tables == {"journal": 0, "raw/flights/flights": 0}
    assert manifest.code.commit and "pipelines/models/flight_delay.toml" in manifest.parts["specs"]


def test_a_second_backup_copies_only_what_is_new(places, vault):
    first = taken(places, vault)
    pull(Store(places.store), 2)
    second = taken(places, vault)
    new = second.digests() - first.digests()
    changed = {path for kept in second.parts.values() for path, one in kept.items() if one.digest in new}
    dumps = {path for path in changed if path.endswith(".sql")}
    assert {path.split("/")[0] for path in changed - dumps} == {"raw", "features", "journal"}
    assert second.new_bytes < first.new_bytes and vault.names() == sorted([first.name, second.name])


def test_a_file_written_in_the_tick_of_the_last_backup_is_read_again(places, vault):
    taken(places, vault)
    model = Path(places.artifacts) / "1" / "model.ubj"
    at = model.stat()
    model.write_bytes(b"TREES")

    os.utime(model, ns=(at.st_atime_ns, at.st_mtime_ns))
    kept = taken(places, vault).parts["artifacts"]["1/model.ubj"]
    assert b"".join(vault.read(kept)) == b"TREES"


def test_a_target_that_holds_something_is_refused_and_with_over_becomes_the_backup(places, vault):
    manifest = taken(places, vault)
    before = files(places.store)
    pull(Store(places.store), 2)
    with pytest.raises(
        NotEmpty, match=r"store has \d+ files; .*artifacts has 1 files; the database airflow has tables"
    ):
        restore(places, vault, manifest, say=quiet)
    assert len(files(places.store)) > len(before)
    restore(places, vault, manifest, over=True, say=quiet)
    assert files(places.store) == before


def test_a_damaged_backup_is_refused_with_what_is_damaged_and_a_full_one_mends_it(places, vault, empty):
    manifest = taken(places, vault)
    kept = manifest.parts["artifacts"]["1/model.ubj"]
    (Path(vault.tree.uri) / "objects" / kept.digest[:2] / kept.digest).write_bytes(b"tre3s")
    sources = files(places.store)
    target = replace(places, store=f"{places.store}-new", artifacts=f"{places.artifacts}-new")
    with pytest.raises(Damaged, match=r"artifacts/1/model\.ubj \(changed, now [0-9a-f]{12}\)"):
        restore(target, vault, manifest, over=True, say=quiet)
    assert not Path(target.store).exists() and files(places.store) == sources
    (Path(vault.tree.uri) / "objects" / kept.digest[:2] / kept.digest).unlink()
    assert vault.damages(manifest) == ["artifacts/1/model.ubj (missing)"]
    taken(places, vault, full=True)
    assert Vault(vault.tree).damages(manifest) == []


def test_a_changed_manifest_is_refused(places, vault):
    name = taken(places, vault).name
    file = Path(vault.tree.uri) / "backups" / f"{name}.json"
    file.write_text(file.read_text().replace('"raw/flights/flights": 0', '"raw/flights/flights": 1'))
    with pytest.raises(Damaged, match="was changed after it was written"):
        vault.manifest(name)


class Killed(Exception):
    pass


def test_a_killed_backup_leaves_the_last_good_one_and_the_next_uses_its_work(places, vault, monkeypatch):
    first = taken(places, vault)
    pull(Store(places.store), 2)

    def killed(self, manifest):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Vault, "add", killed)
        with pytest.raises(Killed):
            taken(places, vault)
    assert vault.names() == [first.name] and vault.damages(first) == []
    second = taken(places, vault)
    assert second.new_bytes <= sum(kept.size for kept in second.parts["databases"].values())


def test_two_at_once_are_refused(places, vault):
    with only_one(vault.tree), pytest.raises(Busy, match="in use by process"):
        taken(places, vault)
    taken(places, vault)


def test_a_killed_restore_is_begun_again_with_the_same_backup_only(places, vault, empty, monkeypatch):
    first = taken(places, vault)
    pull(Store(places.store), 2)
    second = taken(places, vault)
    target = empty()

    def killed(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("recovery.restoration._require_tables", killed)
        with pytest.raises(Killed):
            restore(target, vault, first, say=quiet)
    assert (Path(target.store) / MARK).exists()
    with pytest.raises(NotEmpty):
        restore(target, vault, second, say=quiet)
    restore(target, vault, first, say=quiet)
    assert not (Path(target.store) / MARK).exists() and len(everything(Store(target.store))) == 1


def test_a_backup_of_a_running_stack_names_nothing_that_it_does_not_hold(places, vault, tmp_path):
    ended, store = threading.Event(), Store(places.store)

    def work() -> None:
        number = 2
        while not ended.is_set():
            pull(store, number)
            number += 1

    writer = threading.Thread(target=work)
    writer.start()
    try:
        manifests = [taken(places, vault) for _ in range(2)]
    finally:
        ended.set()
        writer.join()
    for number, manifest in enumerate(manifests):
        target = replace(places, store=str(tmp_path / f"copy{number}"), artifacts=str(tmp_path / f"artifacts{number}"))
        restore(target, vault, manifest, over=True, say=quiet)
        copy = Store(target.store)
        for event in everything(copy):
            named = json.loads(copy.read_file(event.content["manifest"]))["version"]
            assert copy.read("raw/flights/flights", part="2013-01", version=named).num_rows == 1


def test_a_data_file_that_vanishes_while_it_is_copied_fails_the_backup(places, vault, monkeypatch):
    real = Backup._table

    def vacuumed(self, store, end):
        for path in Path(places.store).rglob("part-*.parquet"):
            monkeypatch.setattr(type(store), "read", _gone(type(store).read, path))
        real(self, store, end)

    monkeypatch.setattr(Backup, "_table", vacuumed)
    with pytest.raises(Vanished, match="take the backup again"):
        taken(places, vault)
    assert vault.names() == []


def _gone(read, path):
    def reading(self, relative):
        if relative.endswith(path.name):
            raise FileNotFoundError(relative)
        return read(self, relative)

    return reading


def test_older_backups_go_and_what_stays_is_whole(places, vault):
    taken(places, vault)
    for number in (2, 3):
        pull(Store(places.store), number)
        manifest = taken(places, vault, keep=1)
    fresh = Vault(vault.tree)
    assert fresh.names() == [manifest.name] and fresh.damages(manifest) == []
    assert set(fresh.sizes) == manifest.digests()


def test_backups_of_one_second_are_named_in_their_order(places, vault):
    manifest = taken(places, vault)
    moments = [f"2013-05-01T00:00:00{fraction}+00:00" for fraction in ("", ".000009", ".5", ".999999")]
    names = [manifest.model_copy(update={"started_at": moment}).name for moment in moments]
    assert names == sorted(names) and len(set(names)) == len(moments)


def test_a_bucket_is_backed_up_into_a_bucket(places, s3, empty):
    pull(s3, 1)
    there = replace(places, store=s3.uri)
    vault = Vault(open_tree(f"{s3.uri.rpartition('/')[0]}/backups"))
    first = taken(there, vault)
    with only_one(vault.tree), pytest.raises(Busy, match="in use by process"):
        taken(there, vault)
    second = taken(there, vault)
    assert second.new_bytes < first.new_bytes
    target = replace(empty(), store=f"{s3.uri.rpartition('/')[0]}/restored")
    restore(target, vault, second, say=quiet)
    copy = Store(target.store)
    assert {event.key for event in everything(copy)} == {event.key for event in everything(s3)}
    assert copy.read("raw/flights/flights").to_pydict() == s3.read("raw/flights/flights").to_pydict()


def test_a_bucket_of_another_account_is_reached_by_its_own_keys(places, s3, monkeypatch):
    """The variables of the stack's own name a server that is not there."""
    bucket = s3.uri.rpartition("/")[0]
    for name in ("ENDPOINT_URL", "REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"TRAINYARD_BACKUPS_{name}", os.environ[f"AWS_{name}"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    manifest = take(places, f"{bucket}/elsewhere", say=quiet)
    vault = open_vault(f"{bucket}/elsewhere")
    assert vault.names() == [manifest.name] and vault.damages(manifest) == []
    with only_one(vault.tree), pytest.raises(Busy, match="in use by process"):
        take(places, f"{bucket}/elsewhere", say=quiet)


def test_what_only_some_servers_know_is_left_out_of_a_dump_and_rows_are_not(databases):
    column = "ALTER TABLE ONLY public.kept ALTER COLUMN content SET (pg_attver=35401688);\n"
    dumped = f"CREATE TABLE kept (content text);\n{column}COPY public.kept (content) FROM stdin;\n{column}\\.\n\n"
    url = databases["feast"]
    database.load(url, iter([dumped.encode()]))
    assert content(url) == column.strip()
