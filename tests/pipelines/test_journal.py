import multiprocessing
import shutil
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from deltalake import DeltaTable

from pipelines.errors import EXIT_DONE, MissingInput, Unavailable, leave
from pipelines.journal import Event, events, latest, numbered, record, record_decided
from pipelines.layout import JOURNAL_TABLE
from pipelines.store import Store

WRITERS = 8
EVENTS_EACH = 3

FEBRUARY, MARCH, APRIL = (datetime(2013, month, 1, tzinfo=UTC) for month in (2, 3, 4))


def drift(at: datetime, severity: str = "ok", subject: str = "flight_delay") -> Event:
    return Event("drift", subject, at, {"severity": severity})


@pytest.fixture
def journal(store):
    for event in (drift(APRIL), drift(FEBRUARY), drift(MARCH, "warning")):
        record(store, event)
    return store


def test_events_come_oldest_first_whenever_they_were_written(journal):
    assert [event.at for event in events(journal, "drift", "flight_delay")] == [FEBRUARY, MARCH, APRIL]


def test_until_includes_its_own_instant_and_nothing_later(journal):
    assert [event.at for event in events(journal, "drift", "flight_delay", until=MARCH)] == [FEBRUARY, MARCH]


def test_the_latest_is_the_newest_by_as_of_time_not_by_writing(journal):
    assert latest(journal, "drift", "flight_delay") == drift(APRIL)
    assert latest(journal, "drift", "flight_delay", until=MARCH) == drift(MARCH, "warning")


def test_an_event_that_stands_there_already_is_not_written_again(journal):
    version = journal.version(JOURNAL_TABLE)
    assert record(journal, drift(MARCH, "warning")) is False
    assert journal.version(JOURNAL_TABLE) == version


def test_an_event_said_anew_replaces_what_was_said(journal):
    assert record(journal, drift(MARCH, "critical")) is True
    assert [e.content["severity"] for e in events(journal, "drift", "flight_delay")] == ["ok", "critical", "ok"]


def test_subjects_and_kinds_are_kept_apart(journal):
    record(journal, drift(MARCH, "critical", subject="arrival_minutes"))
    record(journal, Event("decision", "flight_delay", MARCH, {"decision": "wait"}))
    assert len(events(journal, "drift", "flight_delay")) == 3
    assert latest(journal, "drift", "arrival_minutes").content == {"severity": "critical"}


def test_an_empty_journal_has_no_events(store):
    assert events(store, "drift", "flight_delay") == [] and latest(store, "drift", "flight_delay") is None


def test_what_follows_from_the_journal_is_decided_again_when_another_writer_comes_between(journal):
    asked = []

    def decide(said):
        if not asked:
            record(journal, drift(MARCH, "critical"))
        asked.append(len(said))
        return numbered(said, [drift(MARCH, f"seen {[e.content['severity'] for e in said if e.at == MARCH]}")])

    (written,) = record_decided(journal, decide)
    assert written.content["severity"] == "seen ['critical']" and asked == [3, 3]


def test_numbered_events_are_history_and_replace_nothing(journal):
    for severity in ("warning", "warning", "ok"):
        record_decided(journal, lambda said, told=severity: numbered(said, [drift(MARCH, told)]))
    at_march = [event for event in events(journal, "drift", "flight_delay") if event.at == MARCH]
    assert [(event.number, event.content["severity"]) for event in at_march] == [
        (None, "warning"),
        (1, "warning"),
        (2, "warning"),
        (3, "ok"),
    ]


def test_several_events_are_written_in_one_commit_or_none_is(journal):
    version = journal.version(JOURNAL_TABLE)
    told = [drift(MARCH, "critical"), drift(datetime(2013, 5, 1, tzinfo=UTC), "ok")]
    assert record_decided(journal, lambda said: told) == told
    assert journal.version(JOURNAL_TABLE) == version + 1 and len(events(journal, "drift", "flight_delay")) == 4


def test_a_decision_that_raises_writes_nothing(journal):
    version = journal.version(JOURNAL_TABLE)

    def refuse(said):
        raise MissingInput("not now")

    with pytest.raises(MissingInput, match="not now"):
        record_decided(journal, refuse)
    assert journal.version(JOURNAL_TABLE) == version


def test_a_writer_that_never_wins_says_so(journal, monkeypatch):
    monkeypatch.setattr("pipelines.journal.COMMIT_ATTEMPTS", 2)
    monkeypatch.setattr(journal, "commit_after", lambda *_, **__: None)
    with pytest.raises(Unavailable, match="changed by others in each of 2 attempts to write; nothing was written"):
        record(journal, drift(MARCH, "critical"))


def test_many_commits_are_merged_and_no_event_changes(store, monkeypatch):
    monkeypatch.setattr("pipelines.journal.COMMITS_TO_MERGE", 5)
    told = [drift(datetime(2013, 1, day, tzinfo=UTC)) for day in range(1, 13)]
    for event in told:
        record(store, event)
    assert events(store, "drift", "flight_delay") == told
    assert len(list(Path(store.location(JOURNAL_TABLE)).glob("*.parquet"))) > 12, "the past can still be read"
    assert store.read(JOURNAL_TABLE, version=3).num_rows == 4
    assert len(DeltaTable(store.location(JOURNAL_TABLE)).file_uris()) < 6


def test_only_what_is_new_is_read_again(journal, monkeypatch):
    asked, opened = [], journal.open_parquet
    monkeypatch.setattr(
        journal, "open_parquet", lambda paths, schema: asked.append(len(paths)) or opened(paths, schema)
    )
    events(journal, "drift", "flight_delay")
    record(Store(journal.uri), drift(MARCH, "critical", "arrival_minutes"))
    assert latest(journal, "drift", "arrival_minutes") == drift(MARCH, "critical", "arrival_minutes")
    assert len(events(journal, "drift", "flight_delay")) == 3 and asked in ([1], [1, 1]), asked


def test_a_journal_that_was_put_back_is_read_as_it_is(journal, tmp_path):
    kept = shutil.copytree(journal.location(JOURNAL_TABLE), tmp_path / "kept")
    record(journal, drift(MARCH, "critical"))
    assert latest(journal, "drift", "flight_delay", until=MARCH) == drift(MARCH, "critical")
    shutil.rmtree(journal.location(JOURNAL_TABLE))
    shutil.copytree(kept, journal.location(JOURNAL_TABLE))
    assert latest(journal, "drift", "flight_delay", until=MARCH) == drift(MARCH, "warning")


def test_the_log_has_a_checkpoint_every_few_commits(journal):
    for day in range(1, 12):
        record(journal, drift(datetime(2013, 5, day, tzinfo=UTC)))
    log = Path(journal.location(JOURNAL_TABLE)) / "_delta_log"
    assert [path.name for path in log.glob("*.checkpoint.parquet")] == [f"{10:020}.checkpoint.parquet"]


def write_events(uri: str, writer: int, together: Barrier) -> None:
    store = Store(uri)
    together.wait()
    for month in range(1, EVENTS_EACH + 1):
        record(store, drift(datetime(2013, month, 1, tzinfo=UTC), subject=f"model_{writer}"))
        record_decided(store, lambda said: numbered(said, [drift(MARCH, f"writer {writer}", "shared")]))
    leave(EXIT_DONE)


def test_eight_processes_that_make_and_write_the_journal_at_once_lose_no_event(store):
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(WRITERS)
    writers = [spawn.Process(target=write_events, args=(store.uri, one, together)) for one in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    for one in range(WRITERS):
        assert len(events(store, "drift", f"model_{one}")) == EVENTS_EACH
    shared = events(store, "drift", "shared")
    assert sorted(event.number for event in shared) == list(range(1, WRITERS * EVENTS_EACH + 1))
    assert {event.content["severity"] for event in shared} == {f"writer {one}" for one in range(WRITERS)}
