"""What maintenance frees, and what it must never touch."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from pipelines.errors import CallerError, MissingInput
from pipelines.journal import Event, everything, record
from pipelines.layout import JOURNAL_TABLE, raw_table
from pipelines.retention import maintenance
from pipelines.retention.maintenance import carry_out, plan
from pipelines.retention.settings import retention
from pipelines.store import Store
from pipelines.table_versions import digest_of
from tests.pipelines.retention.histories import age, make

AGES = retention()


def now() -> datetime:
    return datetime.now(UTC)


def maintained(store: Store) -> maintenance.Plan:
    found = plan(store, AGES, now())
    carry_out(store, found, AGES)
    return found


def all_is_there(store: Store, history) -> None:
    for (name, part, version), digest in history.rows.items():
        assert digest_of(store.read(raw_table("flights", name), part=part, version=version)) == digest
    assert {path: store.read_file(path) for path in history.files} == history.files


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happened_nothing_that_is_named_goes_and_a_second_run_finds_nothing(store, seed):
    history = make(store, seed)
    age(store, days=100)
    newest = {name: digest_of(store.read(raw_table("flights", name))) for name in ("flights", "weather")}
    said = everything(store)
    maintained(store)
    all_is_there(store, history)
    assert not [path for path in history.loose if store.exists(path)]
    assert {name: digest_of(store.read(raw_table("flights", name))) for name in newest} == newest
    assert sorted(event.key for event in everything(store)) == sorted(event.key for event in said)
    state = store.stored_below("")
    again = maintained(store)
    assert not again.anything and again.bytes == 0
    assert store.stored_below("") == state


def test_rows_that_nothing_names_go_once_the_window_is_over(store):
    table = raw_table("flights", "flights")
    for value in range(3):
        store.replace_partition(table, pa.table({"value": [value]}), "2013-01")
    assert not plan(store, AGES, now()).anything
    age(store, days=29)
    assert not plan(store, AGES, now()).anything
    age(store, days=2)
    found = plan(store, AGES, now())
    (work,) = found.tables
    assert len(work.unneeded) == 2 and found.bytes > 0
    carry_out(store, found, AGES)
    with pytest.raises((OSError, MissingInput)):
        store.read(table, version=0)
    assert store.read(table, part="2013-01")["value"].to_pylist() == [2]


def test_a_dry_run_changes_nothing(store):
    make(store, seed=3)
    age(store, days=100)
    before = store.stored_below("")
    assert plan(store, AGES, now()).anything
    assert store.stored_below("") == before


class Killed(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_kill_half_way_loses_nothing_and_the_next_run_finishes(store, monkeypatch, after):
    history = make(store, seed=5)
    age(store, days=100)
    real, left = Store.delete, [after]

    def killed(self, path):
        if not left[0]:
            raise Killed
        left[0] -= 1
        real(self, path)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "delete", killed)
        with pytest.raises(Killed):
            maintained(store)
    all_is_there(store, history)
    maintained(store)
    all_is_there(store, history)
    assert not plan(store, AGES, now()).anything


def test_what_becomes_needed_between_plan_and_deed_stays(store):
    table = raw_table("flights", "flights")
    for value in range(3):
        store.replace_partition(table, pa.table({"value": [value]}), "2013-01")
    age(store, days=100)
    found = plan(store, AGES, now())
    store.write_file("releases/m/v1/r001.json", b'{"t": {"raw/flights/flights": {"version": 0, "digest": "x"}}}')
    carry_out(store, found, AGES)
    assert store.read(table, part="2013-01", version=0)["value"].to_pylist() == [0]
    with pytest.raises(OSError):
        store.read(table, version=1)


def test_a_document_that_cannot_be_read_stops_everything(store):
    make(store, seed=1)
    age(store, days=100)
    store.write_file("candidates/m/v99.json", b"{half")
    with pytest.raises(CallerError, match=r"v99\.json is not JSON .* nothing was deleted"):
        plan(store, AGES, now())


def test_a_version_that_is_needed_and_not_there_is_told(store):
    store.replace_partition(raw_table("flights", "flights"), pa.table({"value": [1]}), "2013-01")
    store.write_file("releases/m/v1/r001.json", b'{"t": {"raw/flights/flights": {"version": 7, "digest": "x"}}}')
    assert "raw/flights/flights: needed and not there: versions 7; see docs/runbooks/lost-store.md" in list(
        plan(store, AGES, now()).lines()
    )


def journal_files(store) -> list[str]:
    return [path for path in store.stored_below(JOURNAL_TABLE) if "_delta_log" not in path]


def test_the_journals_small_files_are_merged_and_those_before_go_after_the_window(store):
    for day in range(1, 7):
        record(store, Event("freeze", "m", datetime(2013, 1, day, tzinfo=UTC), {}))
    said = sorted(event.key for event in everything(store))
    maintained(store)
    assert len(journal_files(store)) == 7 and sorted(event.key for event in everything(store)) == said
    age(store, days=31)
    maintained(store)
    assert len(journal_files(store)) == 1 and sorted(event.key for event in everything(store)) == said


def test_a_table_of_many_commits_gets_a_checkpoint(store):
    for value in range(52):
        store.replace_partition("monitoring/m", pa.table({"value": [value]}), f"run-{value:02}")
    maintained(store)
    assert [path for path in store.stored_below("monitoring/m") if ".checkpoint." in path]
    assert len(store.parts("monitoring/m")) == 52 and not plan(store, AGES, now()).anything


def test_pages_go_with_their_age_and_the_figures_stay(store):
    for path in ("validations/flights/2011-01.html", "drift/m/2011-01.html", "validations/flights/2011-01.json"):
        store.write_file(path, b"{}")
    age(store, days=729)
    assert not plan(store, AGES, now()).files
    age(store, days=2)
    assert [one.path for one in plan(store, AGES, now()).files] == [
        "drift/m/2011-01.html",
        "validations/flights/2011-01.html",
    ]


def test_half_written_files_go_after_a_day(store):
    store.write_file("joined/flights/x.parquet.0123.partial", b"half")
    assert not plan(store, AGES, now()).files
    assert [one.why for one in plan(store, AGES, now() + timedelta(days=1.1)).files] == ["half-written files"]
