import pytest

from pipelines.errors import CallerError
from pipelines.store import Store
from pipelines.store_path import inside

LONG = "n" * 256
OUTSIDE = [
    LONG,
    "",
    "/etc/passwd",
    "../up",
    "a/../b",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "a\nb",
    "a\0b",
    "..",
    ".",
    "a/\x1b[2J",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_that_could_leave_the_store_is_refused(path):
    with pytest.raises(CallerError, match="is no place in the store"):
        inside(path)


@pytest.mark.parametrize("path", ["journal", "predictions/flight_delay", "candidates/m/scores-1a.parquet", "a b/..c"])
def test_a_name_is_a_place(path):
    assert inside(path) == path


CALLS = {
    "write_file": lambda store, path: store.write_file(path, b"x"),
    "read_file": lambda store, path: store.read_file(path),
    "read_parquet": lambda store, path: store.read_parquet(path),
    "open_parquet": lambda store, path: store.open_parquet([path]),
    "exists": lambda store, path: store.exists(path),
    "list_files": lambda store, path: store.list_files(path, ".json"),
    "files_below": lambda store, path: store.files_below(path),
    "delete": lambda store, path: store.delete(path),
    "read": lambda store, path: store.read(path),
    "version": lambda store, path: store.version(path),
    "location": lambda store, path: store.location(path),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_method_of_the_store_leaves_it(tmp_path, call):
    (tmp_path / "outside.json").write_text("{}")
    with pytest.raises(CallerError, match="is no place in the store"):
        CALLS[call](Store(str(tmp_path / "store")), "../outside.json")
    assert (tmp_path / "outside.json").read_text() == "{}"


def test_the_store_itself_may_be_looked_into(tmp_path):
    store = Store(str(tmp_path))
    (tmp_path / "a.json").write_text("{}")
    assert store.list_files("", ".json") == ["a"] and list(store.files_below("")) == ["a.json"]
