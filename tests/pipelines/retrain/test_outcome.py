import json

import pytest

from pipelines.candidate import Candidate, write_candidate
from pipelines.commands import decisions as command
from pipelines.monitoring_spec import Retrain
from pipelines.report.decisions import as_text, decisions
from pipelines.retrain.decisions import decide_and_record
from pipelines.retrain.outcome import Outcome, outcome_of, run_id_of
from pipelines.spec import find_model
from tests.pipelines.retrain.reports import APRIL, JULY, JUNE, MODEL, alarm, in_force, judged, report

SPEC = find_model(MODEL).model_copy(update={"retrain": Retrain(least_new_partitions=0, gpu_hours_per_month=1.0)})


@pytest.fixture
def decision(store):
    """To retrain, as of June."""
    in_force(store, 1, APRIL)
    return decide_and_record(SPEC, store, report(alarm()), JUNE, triggered=True)


def trained(store, gpu_s: float = 3600.0) -> None:
    made = Candidate(MODEL, JUNE.isoformat(), 2, "run", "key", 9, "set", "digest", "scores", [], {}, {"gpu_s": gpu_s})
    write_candidate(store, made)


def test_before_its_run_a_decision_names_the_run_alone(store, decision):
    outcome = outcome_of(store, MODEL, decision)
    assert outcome.run_id == run_id_of(decision.key) == "retrain__decision-flight_delay-2013-06-01T00:00:00"
    assert outcome == Outcome(outcome.run_id, version=None, verdict=None, promoted=False, cost={})


def test_what_triggered_nothing_says_so(store):
    in_force(store, 1, APRIL)
    told = outcome_of(store, MODEL, decide_and_record(SPEC, store, report(alarm()), JUNE))
    assert told.sentence == "on record alone: it was made in a backfill or by hand, and triggered nothing"


def test_what_comes_of_a_decision_is_found_step_by_step(store, decision):
    trained(store)
    told = outcome_of(store, MODEL, decision)
    assert (told.version, told.cost, told.sentence) == (2, {"gpu_s": 3600.0}, "version 2 is not evaluated yet")
    judged(store, 2, JUNE, "fail")
    assert outcome_of(store, MODEL, decision).sentence == "version 2 failed its gates"
    judged(store, 2, JUNE, "pass")
    assert outcome_of(store, MODEL, decision).sentence == "version 2 passed its gates and is not in force"
    in_force(store, 2, JUNE, against=1)
    assert outcome_of(store, MODEL, decision).sentence == "version 2 took force"


def test_a_decision_that_does_not_retrain_has_no_outcome(store, decision):
    waits = decide_and_record(SPEC, store, report(), JULY)
    assert outcome_of(store, MODEL, waits) is None


def test_gpu_hours_of_the_month_are_spent_by_its_candidates(store, decision):
    trained(store)
    judged(store, 2, JUNE, "cannot_tell")
    other = report(alarm(since="2013-06"))
    later = decide_and_record(SPEC, store, other, JUNE.replace(day=29))
    assert later.content["reason"] == "1.0 GPU hours in June 2013, the budget is 1"
    assert decide_and_record(SPEC, store, other, JULY).content["decision"] == "retrain"


def test_the_command_lists_decisions_with_what_came_of_them(store, decision, capsys):
    decide_and_record(SPEC, store, report(), JULY)
    text = as_text(MODEL, decisions(MODEL))
    assert "2013-06-01  2013-05     retrain  critical: auc is worse" in text
    assert f"no candidate yet of run {run_id_of(decision.key)}" in text
    assert "wait     severity ok is below critical" in text
    options = command.argparse.ArgumentParser()
    command.add_arguments(options)
    assert command.run(options.parse_args([MODEL, "--json"])) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["outcome"]["run_id"] == run_id_of(decision.key) and second["outcome"] is None
    assert first["inputs"]["signals"][0]["series"] == "quality/loss/auc"


def test_a_model_without_decisions_is_told_how_to_make_one(store):
    assert "backfill flight_delay__monitor" in as_text(MODEL, decisions(MODEL))
