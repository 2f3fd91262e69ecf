import hashlib
import multiprocessing
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.errors import CallerError, MissingInput
from pipelines.store import Store
from pipelines.table_versions import digest_of

ROWS = pa.table({"id": ["a", "b", "c"], "delay_min": pa.array([1, None, 3], pa.int32())})
OTHER = pa.table({"id": ["d"], "delay_min": pa.array([4], pa.int32())})


def test_a_partition_is_read_as_it_was_written(store):
    store.replace_partition("raw/t", ROWS, "2013-01")
    assert store.read("raw/t", part="2013-01").equals(ROWS)


def test_replacing_a_partition_leaves_the_others(store):
    store.replace_partition("raw/t", ROWS, "2013-01")
    store.replace_partition("raw/t", ROWS, "2013-02")
    written = store.replace_partition("raw/t", OTHER, "2013-01")
    assert store.read("raw/t", part="2013-01").equals(OTHER)
    assert store.read("raw/t", part="2013-02").equals(ROWS)
    assert str(written) == "raw/t@2" and written.changed


def test_the_same_rows_again_commit_nothing(store):
    first = store.replace_partition("raw/t", ROWS, "2013-01")
    again = store.replace_partition("raw/t", ROWS, "2013-01")
    assert (again.version, again.changed) == (first.version, False)


def test_the_same_rows_in_another_order_are_a_change(store):
    store.replace_partition("raw/t", ROWS, "2013-01")
    assert store.replace_partition("raw/t", ROWS.take([2, 1, 0]), "2013-01").changed


def test_a_read_may_name_a_version(store):
    old = store.replace_partition("raw/t", ROWS, "2013-01")
    store.replace_partition("raw/t", OTHER, "2013-01")
    assert store.read("raw/t", part="2013-01", version=old.version).equals(ROWS)


def test_emptying_a_partition_takes_it_from_the_list(store):
    store.replace_partition("raw/t", ROWS, "2013-01")
    store.replace_partition("raw/t", OTHER, "2013-02")
    assert store.parts("raw/t") == ["2013-01", "2013-02"]
    store.replace_partition("raw/t", ROWS.slice(0, 0), "2013-01")
    assert store.parts("raw/t") == ["2013-02"]


def test_a_table_that_is_not_there_is_named(store):
    assert store.version("raw/t") is None and store.parts("raw/t") == []
    with pytest.raises(MissingInput, match=r"The table raw/t is not in the store .*home/store"):
        store.read("raw/t")


def test_a_version_that_is_not_there_is_missing(store):
    store.replace_partition("raw/t", ROWS, "2013-01")
    with pytest.raises(MissingInput, match="Version 7 of the table raw/t is not in the store"):
        store.read("raw/t", version=7)


def test_a_quote_in_a_key_is_only_a_quote(store):
    tricky = pa.table({"id": ["x' OR 'a' = 'a"], "delay_min": pa.array([9], pa.int32())})
    store.commit_after("journal", ROWS, None)
    store.commit_after("journal", tricky, 0, replacing="id")
    assert store.read("journal").num_rows == 4


def test_a_commit_after_a_version_adds_and_replaces_rows(store):
    assert str(store.commit_after("journal", ROWS, None)) == "journal@0"
    assert str(store.commit_after("journal", OTHER, 0)) == "journal@1"
    anew = pa.table({"id": ["a", "e"], "delay_min": pa.array([9, 5], pa.int32())})
    assert str(store.commit_after("journal", anew, 1, replacing="id")) == "journal@2"
    rows = {row["id"]: row["delay_min"] for row in store.read("journal").to_pylist()}
    assert rows == {"a": 9, "b": None, "c": 3, "d": 4, "e": 5} and store.read("journal").num_rows == 5


@pytest.mark.parametrize("replacing", [None, "id"], ids=["append", "replace"])
def test_a_commit_after_a_look_at_the_table_s_files_writes_nothing_when_others_came_between(store, replacing):
    store.commit_after("journal", ROWS, None)
    looked = store.files_of("journal")
    other = Store(store.uri)
    assert (looked.version, len(looked.paths)) == (0, 1) and store.files_of("no_table") is None
    assert str(other.commit_after("journal", OTHER, 0)) == "journal@1"
    assert store.commit_after("journal", ROWS, looked.version, replacing) is None
    assert str(store.commit_after("journal", ROWS, store.files_of("journal").version, replacing)) == "journal@2"
    assert {*looked.paths} & {*store.files_of("journal").paths} == ({*looked.paths} if replacing is None else set())


@pytest.mark.parametrize("replacing", [None, "id"], ids=["append", "replace"])
def test_a_commit_after_a_version_that_is_no_longer_the_newest_writes_nothing(store, replacing):
    store.commit_after("journal", ROWS, None)
    store.commit_after("journal", OTHER, 0)
    assert store.commit_after("journal", ROWS, 0, replacing) is None
    assert store.commit_after("journal", ROWS, None) is None
    assert store.version("journal") == 1 and store.read("journal").num_rows == 4


def test_instants_keep_their_zone_and_microseconds(store):
    at = pa.table({"at": pa.array([datetime(2013, 3, 10, 7, 0, 0, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC"))})
    store.replace_partition("raw/t", at, "2013-03")
    assert store.read("raw/t", part="2013-03").schema == at.schema
    assert store.read("raw/t", part="2013-03").equals(at)


def test_the_digest_does_not_depend_on_chunks():
    chunked = pa.concat_tables([ROWS.slice(0, 1), ROWS.slice(1, 1), ROWS.slice(2)])
    assert chunked.column(0).num_chunks == 3
    assert digest_of(chunked) == digest_of(ROWS)


def test_the_digest_does_not_depend_on_how_rows_were_cut_from_more():
    longer = pa.concat_tables([OTHER, ROWS, OTHER]).combine_chunks()
    assert digest_of(longer.slice(1, 3)) == digest_of(ROWS)


def test_the_digest_does_not_depend_on_what_lies_beneath_a_null():
    validity, values = pa.py_buffer(b"\x05"), pa.py_buffer(np.array([1, 77, 3], "int32").tobytes())
    beneath = pa.Array.from_buffers(pa.int32(), 3, [validity, values])
    same = ROWS.set_column(1, "delay_min", beneath)
    assert same.equals(ROWS)
    assert digest_of(same) == digest_of(ROWS)


@pytest.mark.parametrize(
    "other",
    [
        ROWS.slice(0, 2),
        ROWS.rename_columns(["id", "late_min"]),
        ROWS.set_column(1, "delay_min", pa.array([1, 0, 3], pa.int32())),
        ROWS.set_column(1, "delay_min", pa.array([1, None, 3], pa.int64())),
    ],
    ids=["rows", "names", "nulls", "types"],
)
def test_the_digest_sees_every_difference(other):
    assert digest_of(other) != digest_of(ROWS)


def write_parts(uri: str, parts: list[str]) -> None:
    for part in parts:
        Store(uri).replace_partition("raw/t", ROWS, part)


def test_two_processes_lose_none_of_each_others_partitions(store):
    spawn = multiprocessing.get_context("spawn")
    mine, others = [f"2013-{month:02}" for month in range(1, 7)], [f"2013-{month:02}" for month in range(7, 13)]
    writers = [spawn.Process(target=write_parts, args=(store.uri, parts)) for parts in (mine, others)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert store.parts("raw/t") == mine + others
    assert store.read("raw/t").num_rows == 12 * ROWS.num_rows


def test_threads_that_make_the_same_table_lose_no_partition(store):
    parts = [f"2013-{month:02}" for month in range(1, 7)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda part: Store(store.uri).replace_partition("raw/t", ROWS, part), parts))
    assert store.parts("raw/t") == parts


def test_writers_of_one_partition_leave_one_of_their_versions_whole(store):
    candidates = [pa.table({"id": [f"{n}"] * (n + 1)}) for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda rows: Store(store.uri).replace_partition("raw/t", rows, "2013-01"), candidates))
    assert any(store.read("raw/t", part="2013-01").equals(rows) for rows in candidates)


def test_a_file_is_named_by_its_digest_and_replaced_whole(store):
    assert store.write_file("pages/a.html", b"one") == hashlib.sha256(b"one").hexdigest()
    store.write_file("pages/a.html", b"two")
    assert store.read_file("pages/a.html") == b"two"
    assert store.list_files("pages", ".html") == ["a"]
    assert store.list_files("pages", "") == ["a.html"], "a partial file was left behind"


def test_a_write_that_breaks_leaves_the_file_that_was(store, monkeypatch):
    store.write_file("pages/a.html", b"one")

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.write_file("pages/a.html", b"two")
    assert store.read_file("pages/a.html") == b"one"


def test_a_file_that_is_not_there_does_not_exist(store):
    assert not store.exists("pages/a.html") and store.list_files("pages", ".html") == []
    with pytest.raises(FileNotFoundError):
        store.read_file("pages/a.html")


def test_parquet_is_read_back_in_microseconds(store):
    nanoseconds = pa.table({"at": pa.array([1_362_898_800_000_000_000], pa.timestamp("ns", tz="UTC"))})
    digest = store.write_parquet("f/2013-03.parquet", nanoseconds)
    found = store.read_parquet("f/2013-03.parquet")
    assert found.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert found["at"].to_pylist()[0] == datetime(2013, 3, 10, 7, tzinfo=UTC)
    assert store.write_parquet("f/again.parquet", nanoseconds) == digest


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that nobody may write to; root, whom no permission stops, is nobody for the test."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    folder.rmdir()


def refuses_to_write(store: Store) -> None:
    refusal = rf"(?s)The store {store.uri} cannot be written .*TRAINYARD_STORE="
    with pytest.raises(CallerError, match=refusal):
        store.replace_partition("raw/t", ROWS, "2013-01")
    with pytest.raises(CallerError, match=refusal):
        store.write_file("pages/a.html", b"one")


def test_a_store_below_a_file_is_refused_with_the_remedy(tmp_path):
    (tmp_path / "file").write_text("in the way")
    refuses_to_write(Store(str(tmp_path / "file" / "store")))


def test_a_read_only_store_is_refused_with_the_remedy(read_only):
    refuses_to_write(Store(str(read_only / "store")))


def test_files_below_a_folder_are_listed_and_deleted_with_it(store):
    for path in ("a/one.txt", "a/b/two.txt", "c/three.txt"):
        store.write_file(path, b"told")
    found = store.files_below("a")
    assert sorted(found) == ["a/b/two.txt", "a/one.txt"]
    assert all(abs((datetime.now(UTC) - written).total_seconds()) < 3600 for written in found.values())
    store.delete("a/one.txt")
    store.delete("a/one.txt")
    assert sorted(store.files_below("a")) == ["a/b/two.txt"]
    store.delete("a")
    store.delete("a")
    assert store.files_below("a") == {} and store.exists("c/three.txt")


def test_what_a_killed_writer_left_is_no_file(store, monkeypatch):
    store.write_file("a/told.txt", b"told")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as while_killed, pytest.raises(KeyboardInterrupt):
        while_killed.setattr(Path, "replace", killed)
        store.write_file("a/told.txt", b"told otherwise")
    assert len(list(Path(store.location("a")).iterdir())) == 2
    assert list(store.files_below("a")) == ["a/told.txt"] and store.list_files("a", "") == ["told.txt"]
    assert store.read_file("a/told.txt") == b"told"
