import json
from datetime import UTC, datetime

import pytest

from pipelines.champions import (
    Champion,
    champion_as_of,
    champion_before,
    champions,
    in_force_at,
    promote,
    require_champion,
    withdrawals,
)
from pipelines.errors import CallerError, MissingInput, NothingToDo
from pipelines.journal import everything
from pipelines.layout import predictions_manifest
from pipelines.rollback import Request, choose, done_already, left_none, put_back
from pipelines.spec import find_model
from pipelines.voids import mark_void, refuse_void, rescore_command, scored_partitions, void_partitions

APRIL, MAY, JUNE, JULY = (datetime(2013, month, 1, tzinfo=UTC) for month in (4, 5, 6, 7))
MODEL, SPEC = "flight_delay", find_model("flight_delay")
OVERRIDE = {"by": "bo", "at": "2013-06-01T00:00:00+00:00", "note": "no other data", "override": True}


def asked(to: int | str | None = None, since: datetime | None = None) -> Request:
    return Request("misses late flights", "ada", to, since)


def take_force(store, version: int, time: datetime, against: int | None, approval=None) -> None:
    promote(store, MODEL, Champion(version, f"run-{version}", time, time), f"digest-{version}", against, approval)


def chosen(store, request: Request):
    choice = choose(everything(store), MODEL, request)
    return choice.bad.version, choice.good.champion.version, choice.effective_from


def rolled_back(store, request: Request):
    return put_back(SPEC, store, request, choose(everything(store), MODEL, request))


def scored(store, part: str, version: int, digest: str = "") -> None:
    told = {"part": part, "model_version": version, "digest": digest or f"{part} by {version}"}
    store.write_file(predictions_manifest(MODEL, part), json.dumps(told).encode())


@pytest.fixture
def line(store):
    """Version 1 from April, 2 from May, 3 from June."""
    for version, time, against in ((1, APRIL, None), (2, MAY, 1), (3, JUNE, 2)):
        take_force(store, version, time, against)
    return store


def test_the_champion_before_is_put_back_from_when_the_bad_one_took_force(line):
    assert chosen(line, asked()) == (3, 2, JUNE)


def test_the_version_of_the_same_time_that_the_bad_one_replaced_is_put_back(store):
    take_force(store, 1, APRIL, None)
    take_force(store, 2, MAY, 1)
    take_force(store, 3, MAY, 2)
    assert chosen(store, asked()) == (3, 2, MAY)


def test_any_version_that_once_was_in_force_may_be_asked_for(line):
    assert chosen(line, asked(to=1)) == (3, 1, JUNE)


def test_a_version_promoted_against_its_gates_is_put_back_only_when_asked_for(store):
    take_force(store, 1, APRIL, None)
    take_force(store, 2, MAY, 1, OVERRIDE)
    take_force(store, 3, JUNE, 2)
    assert chosen(store, asked()) == (3, 1, JUNE)
    assert chosen(store, asked(to=2)) == (3, 2, JUNE)
    rolled_back(store, asked(to=2))
    take_force(store, 4, JULY, 2)
    assert chosen(store, asked()) == (4, 1, JULY), "put back by hand, it still never passed its gates"


def test_a_later_time_leaves_the_bad_version_its_past(line):
    rolled_back(line, asked(since=JULY))
    assert [(one.version, one.effective_from) for one in champions(line, MODEL)][-2:] == [(3, JUNE), (2, JULY)]


def test_a_time_before_the_bad_version_took_force_is_refused(line):
    with pytest.raises(CallerError, match="version 3 is in force from 2013-06-01 only; --effective-from 2013-05-01"):
        choose(everything(line), MODEL, asked(since=MAY))


def test_nothing_to_roll_back_to_says_what_can_be_done(store):
    with pytest.raises(MissingInput, match=r"no version is in force.*backfill flight_delay__train"):
        choose(everything(store), MODEL, asked())
    take_force(store, 1, APRIL, None)
    with pytest.raises(CallerError, match=r"nothing to roll back to: no champion before version 1.*train another"):
        choose(everything(store), MODEL, asked())
    take_force(store, 2, MAY, 1)
    with pytest.raises(CallerError, match="version 7 was never in force; versions that were: 2, 1"):
        choose(everything(store), MODEL, asked(to=7))
    with pytest.raises(NothingToDo, match="version 2 is in force already"):
        choose(everything(store), MODEL, asked(to=2))


def test_a_rollback_is_history_that_later_champions_follow(line):
    rolled_back(line, asked())
    assert champion_as_of(line, MODEL, JUNE).version == 2
    gone = withdrawals(everything(line), MODEL)[3]
    assert (gone.since, gone.reason, gone.by) == (JUNE, "misses late flights", "ada")
    with pytest.raises(CallerError, match="version 3 was withdrawn by ada"):
        choose(everything(line), MODEL, asked(to=3))
    take_force(line, 4, JULY, 2)
    assert [one.version for one in champions(line, MODEL)] == [1, 2, 2, 4]


def test_the_same_rollback_again_is_done_already_and_further_only_when_asked(line):
    assert done_already(everything(line), MODEL, asked()) is None
    rolled_back(line, asked())
    for request in (asked(), asked(to=2)):
        assert done_already(everything(line), MODEL, request).champion.version == 2
    assert done_already(everything(line), MODEL, asked(to=1)) is None
    rolled_back(line, asked(to=1))
    assert [one.version for one in champions(line, MODEL)] == [1, 1], "version 2 goes from its first day on"


def test_a_promotion_while_the_good_version_was_proven_stops_the_rollback(line):
    choice = choose(everything(line), MODEL, asked())
    take_force(line, 4, JULY, 3)
    with pytest.raises(CallerError, match="others changed the champions while version 3 was being rolled back"):
        put_back(SPEC, line, asked(), choice)
    assert withdrawals(everything(line), MODEL) == {} and champions(line, MODEL)[-1].version == 4


def test_none_is_in_force_when_none_is_asked_for_until_the_next_promotion(line):
    rolled_back(line, asked(to="none", since=JULY))
    said = everything(line)
    assert left_none(said, MODEL).version == 3
    assert in_force_at(said, MODEL) is None and champion_as_of(line, MODEL, JUNE).version == 3
    assert champion_as_of(line, MODEL, JULY) is None and champion_before(line, MODEL, JULY) is None
    with pytest.raises(MissingInput, match=r"at 2013-07-01; version 3 was withdrawn by ada \(misses late flights\)"):
        require_champion(line, MODEL, JULY)
    with pytest.raises(MissingInput, match="no version is in force, there is nothing to roll back"):
        choose(said, MODEL, asked())
    take_force(line, 4, JULY, None)
    assert left_none(everything(line), MODEL) is None and champion_as_of(line, MODEL, JULY).version == 4
    assert chosen(line, asked()) == (4, 2, JULY)


def test_withdrawing_the_only_champion_puts_no_version_that_it_replaced_back(store):
    take_force(store, 1, APRIL, None)
    take_force(store, 2, APRIL, 1)
    rolled_back(store, asked(to="none"))
    assert champions(store, MODEL) == [] and champion_as_of(store, MODEL, MAY) is None
    take_force(store, 3, APRIL, None)
    assert [one.version for one in champions(store, MODEL)] == [3]


def test_what_the_withdrawn_version_scored_is_void_until_it_is_scored_anew(line):
    for part, version in (("2013-05", 2), ("2013-06", 3), ("2013-07", 3), ("2013-08", 2)):
        scored(line, part, version)
    assert [one.part for one in rolled_back(line, asked())] == ["2013-06", "2013-07"]
    found = void_partitions(SPEC, line)
    assert [(one.scored.part, one.by) for one in found] == [("2013-06", "ada"), ("2013-07", "ada")]
    assert rescore_command(MODEL, [one.scored for one in found]) == (
        "python -m pipelines backfill flight_delay__predict --start 2013-06-01 --end 2013-08-01 --reprocess completed"
    )
    with pytest.raises(MissingInput, match=r"the predictions of 2013-07, by version 3, are void: version 3 was with"):
        refuse_void(SPEC, line, "2013-07")
    scored(line, "2013-07", 2)
    refuse_void(SPEC, line, "2013-07")
    assert [one.scored.part for one in void_partitions(SPEC, line)] == ["2013-06"]


def test_what_a_run_that_began_before_the_withdrawal_scored_after_it_is_void(line):
    rolled_back(line, asked(since=JULY))
    for part, version in (("2013-06", 3), ("2013-07", 3), ("2013-08", 2)):
        scored(line, part, version)
    (found,) = void_partitions(SPEC, line)
    assert (found.scored.part, found.by) == ("2013-07", "ada"), "of June it was the champion, and stays it"
    assert found.reason == "version 3 was withdrawn: misses late flights"
    scored(line, "2013-07", 2)
    assert void_partitions(SPEC, line) == []


def test_marking_twice_marks_once_and_mended_features_end_it(line):
    scored(line, "2013-05", 2)
    marked = scored_partitions(SPEC, line, MAY, JUNE)
    assert mark_void(SPEC, line, marked, "the feed stood still", "bo") == ["2013-05"]
    assert mark_void(SPEC, line, marked, "again", "bo") == []
    scored(line, "2013-05", 2)
    assert [one.reason for one in void_partitions(SPEC, line)] == ["the feed stood still"], "the same predictions"
    scored(line, "2013-05", 2, digest="of other features")
    assert void_partitions(SPEC, line) == []
