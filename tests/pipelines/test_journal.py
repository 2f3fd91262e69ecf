from datetime import UTC, datetime

import pytest

from pipelines.journal import Event, events, latest, record
from pipelines.layout import JOURNAL_TABLE

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
