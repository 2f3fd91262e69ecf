import pytest

from pipelines.__main__ import main
from pipelines.drift.policy import Freeze
from pipelines.errors import EXIT_DONE, EXIT_NOTHING_TO_DO, NothingToDo
from pipelines.journal import events, everything
from pipelines.report.status import as_text, status
from pipelines.retrain.freeze import FREEZE, freeze, freeze_in_force, lift
from tests.pipelines.retrain.reports import APRIL, JULY, JUNE, MODEL

ASKED = Freeze(until=JULY, by="ada", reason="the feed moves")


def test_a_freeze_stands_until_another_word(store):
    assert freeze(store, MODEL, ASKED, APRIL)
    assert freeze_in_force(everything(store), MODEL) == ASKED
    assert freeze_in_force(everything(store), "arrival_minutes") is None
    shorter = ASKED.model_copy(update={"until": JUNE})
    assert freeze(store, MODEL, shorter, APRIL)
    assert freeze_in_force(everything(store), MODEL) == shorter, "the newest word counts, not the longest"


def test_the_same_freeze_again_writes_nothing(store):
    freeze(store, MODEL, ASKED, APRIL)
    assert not freeze(store, MODEL, ASKED, JUNE)
    assert len(events(store, FREEZE, MODEL)) == 1


def test_a_freeze_that_was_lifted_stays_on_record(store):
    freeze(store, MODEL, ASKED, APRIL)
    assert lift(store, MODEL, "it moved", "bob", APRIL) == ASKED
    assert freeze_in_force(everything(store), MODEL) is None
    assert [event.content["by"] for event in events(store, FREEZE, MODEL)] == ["ada", "bob"]
    with pytest.raises(NothingToDo, match="is not frozen"):
        lift(store, MODEL, "again", "bob", APRIL)


def test_the_commands_freeze_show_and_lift(store, capsys):
    who = ["--reason", "the feed moves", "--by", "ada"]
    assert main(["freeze", MODEL, "--until", "2013-07-01", *who]) == EXIT_DONE
    assert "freeze flight_delay now until 2013-07-01 by ada: the feed moves" in capsys.readouterr().out
    assert "until 2013-07-01 by ada: the feed moves" in as_text(status(MODEL))
    assert main(["unfreeze", MODEL, *who]) == EXIT_DONE
    assert status(MODEL)["freeze"] is None
    assert main(["unfreeze", MODEL, *who]) == EXIT_NOTHING_TO_DO
