"""Every decision of a person about a model stands in one list, with who, when and why."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.__main__ import main
from pipelines.approval import APPROVAL, Approval
from pipelines.champions import PROMOTION, Champion, promote
from pipelines.drift.policy import Freeze
from pipelines.journal import Event, everything, numbered, record, record_decided
from pipelines.layout import predictions_manifest
from pipelines.report.audit_log import as_text, entries
from pipelines.restore import RESTORE
from pipelines.retrain.freeze import freeze, lift
from pipelines.retrain.serving import resume, stop_event
from pipelines.rollback import Request, choose, put_back
from pipelines.spec import find_model
from pipelines.voids import mark_void, scored_partitions

APRIL, MAY, JUNE, JULY = (datetime(2013, month, 1, tzinfo=UTC) for month in (4, 5, 6, 7))
SPEC = find_model("flight_delay")
MODEL = SPEC.name
OVERRIDE = {"by": "ben", "at": "2013-05-01T00:00:00+00:00", "note": "no other data", "override": True}


def in_force(store, version, time, against, approval=None):
    promote(store, MODEL, Champion(version, "run", time, time), f"{version}" * 64, against, approval)


@pytest.fixture
def told(store):
    """One of everything that can be decided about a model, in this order."""
    in_force(store, 1, APRIL, None)
    answer = Approval(2, "2" * 64, "override", "ben", OVERRIDE["at"], "no other data")
    record_decided(store, lambda said: numbered(said, [Event(APPROVAL, MODEL, MAY, vars(answer))]))
    in_force(store, 2, MAY, 1, OVERRIDE)
    manifest = {"part": "2013-05", "model_version": 2, "digest": "d"}
    store.write_file(predictions_manifest(MODEL, "2013-05"), json.dumps(manifest).encode())
    mark_void(SPEC, store, scored_partitions(SPEC, store, MAY, None), "the feed stood", "cy")
    asked = Request("misses late flights", "ada")
    put_back(SPEC, store, asked, choose(everything(store), MODEL, asked))
    freeze(store, MODEL, Freeze(until=JULY, by="dan", reason="the feed moves"), datetime.now(UTC))
    lift(store, MODEL, "it moved", "dan", datetime.now(UTC))
    record(store, stop_event(MODEL, JUNE, "2013-05", "half of the rows are lost"))
    resume(store, MODEL, "they came", "eve", datetime.now(UTC))
    record(store, Event("drift", MODEL, JUNE, {"severity": "ok"}))
    record(
        store, Event(RESTORE, "flights", JUNE, {"part": "2013-05", "tables": {}, "reason": "a unit bug", "by": "flo"})
    )
    return store


EXPECTED = [
    ("promotion", "the gates", "version 1 is in force from 2013-04-01", "evaluation 111111111111"),
    ("override", "ben", "version 2 was approved against its gates", "no other data"),
    ("promotion", "ben", "version 2 is in force from 2013-05-01", "evaluation 222222222222, against its gates"),
    ("void", "cy", "predictions of 2013-05 by version 2 are void", "the feed stood"),
    ("rollback", "ada", "version 2 is withdrawn from 2013-05-01", "misses late flights"),
    ("rollback", "ada", "version 1 is in force from 2013-05-01", "misses late flights"),
    ("void", "ada", "predictions of 2013-05 by version 2 are void", "version 2 was withdrawn: misses late flights"),
    ("freeze", "dan", "frozen until 2013-07-01", "the feed moves"),
    ("unfreeze", "dan", "no freeze any more", "it moved"),
    ("stop", "the monitor", "serving is stopped from 2013-06-01, for 2013-05", "half of the rows are lost"),
    ("resume", "eve", "serving goes on, stopped from 2013-06-01", "they came"),
]


def test_everything_that_was_decided_is_listed_in_the_order_of_writing(told):
    found = entries(everything(told), MODEL)
    listed = [(one["action"], one["who"], one["what"], one["why"]) for one in found]
    # The rollback's commit says its three events with the numbers that follow.
    assert [one for one in listed if one[1] != "ada"] == [one for one in EXPECTED if one[1] != "ada"]
    assert sorted(listed) == sorted(EXPECTED)
    times = [datetime.fromisoformat(one["written_at"]) for one in found]
    assert times == sorted(times) and datetime.now(UTC) - times[0] < timedelta(minutes=5)


def test_the_command_prints_them_and_gives_them_to_machines(told, capsys):
    assert main(["audit_log", MODEL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(EXPECTED) and any("override   ben " in line for line in lines)
    assert main(["audit_log", MODEL, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["number"] for one in found if one["action"] == "rollback"} <= set(range(1, 20))
    assert main(["audit_log", "flights"]) == 0
    assert "restore" in (printed := capsys.readouterr().out) and "flo" in printed


def test_a_model_that_is_not_declared_and_never_was_is_refused(told, capsys):
    assert main(["audit_log", "flight_dely"]) == 2
    assert "No model named 'flight_dely'" in capsys.readouterr().err


def test_what_was_written_before_the_time_was_kept_comes_first_and_says_so(told):
    said = [Event(e.kind, e.subject, e.at, e.content, e.number) for e in everything(told) if e.kind == PROMOTION]
    assert as_text(MODEL, entries(said, MODEL)).startswith("before it was kept    promotion  the gates")


def test_a_journal_from_before_takes_new_events(store):
    import pyarrow as pa

    from pipelines.journal import SCHEMA, events
    from pipelines.layout import JOURNAL_TABLE

    row = {"key": "drift/m/1", "kind": "drift", "subject": "m", "at": APRIL, "content": '{"severity": "ok"}'}
    old = pa.schema([field for field in SCHEMA if field.name != "written_at"])
    store.commit_after(JOURNAL_TABLE, pa.Table.from_pylist([row], old), None)
    record(store, Event("drift", "m", MAY, {"severity": "ok"}))
    record(store, Event("drift", "m", MAY, {"severity": "critical"}))
    before, anew = events(store, "drift", "m")
    assert before.written_at is None and anew.written_at is not None and anew.content["severity"] == "critical"
