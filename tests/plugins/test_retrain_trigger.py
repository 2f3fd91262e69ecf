import re

import pytest
from airflow.configuration import conf
from airflow.sdk.api.datamodels._generated import DagRun, DagRunType
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DagRunTriggerException

from pipelines.drift.policy import ANSWERS
from pipelines.retrain.outcome import run_id_of
from plugins.retrain_arguments import backfill_param, retrain_arguments
from plugins.retrain_trigger import NOT_TRIGGERED, RetrainTrigger
from tests.plugins.contexts import context


def decision(verdict: str) -> dict:
    return {
        "outcome": "AUC fell by 0.06, critical.",
        "references": {"decision": "decision/flight_delay/2013-05-01", "run": "retrain__flight_delay-2013-05-01"},
        "figures": {"decision": verdict},
    }


@pytest.fixture
def trigger():
    return RetrainTrigger(task_id="trigger_retrain", model="flight_delay")


def run(verdict: str | None, run_type: str = "scheduled", in_backfill: bool = False) -> dict:
    xcom = decision(verdict) if verdict else None
    return context(run_type=run_type, xcom=xcom, trigger_in_backfill=in_backfill)


def test_a_decision_to_retrain_triggers_one_run_named_after_it(trigger):
    with pytest.raises(DagRunTriggerException) as caught:
        trigger.execute(run("retrain"))
    asked = caught.value
    assert asked.trigger_dag_id == "flight_delay__train"
    assert asked.dag_run_id == "retrain__flight_delay-2013-05-01"
    assert asked.logical_date is None
    assert asked.skip_when_already_exists
    assert asked.conf == {
        "start": "2013-04-01T00:00:00+00:00",
        "end": "2013-05-01T00:00:00+00:00",
        "reason": "AUC fell by 0.06, critical.",
        "decision": "decision/flight_delay/2013-05-01",
    }


def test_a_task_that_is_run_again_asks_for_the_very_same_run(trigger):
    """After kill -9, a clear, or in a second run of the monitor: Airflow has one run of an id."""
    asked = []
    for run_type in ("scheduled", "scheduled", "manual"):
        with pytest.raises(DagRunTriggerException) as caught:
            RetrainTrigger(task_id="trigger_retrain", model="flight_delay").execute(run("retrain", run_type=run_type))
        asked.append((caught.value.dag_run_id, caught.value.conf, caught.value.skip_when_already_exists))
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("wait", "^No retraining: AUC fell by 0.06"),
        ("ask", "^No retraining, a person is asked: AUC fell by 0.06"),
        ("stop", "nothing is scored until a person resumes it: AUC fell by 0.06"),
    ],
)
def test_any_other_decision_skips_and_says_why(trigger, answer, told):
    with pytest.raises(AirflowSkipException, match=told):
        trigger.execute(run(answer))


def test_the_trigger_knows_every_answer_of_the_policy():
    assert {*NOT_TRIGGERED, "retrain"} == set(ANSWERS)


def test_a_backfill_triggers_nothing_and_says_why(trigger):
    with pytest.raises(AirflowSkipException, match="Journalled only, because this is a backfill"):
        trigger.execute(run("retrain", run_type="backfill"))


def test_a_backfill_triggers_when_asked(trigger):
    with pytest.raises(DagRunTriggerException):
        trigger.execute(run("retrain", run_type="backfill", in_backfill=True))


@pytest.mark.parametrize(
    ("run_type", "in_backfill"), [("scheduled", False), ("manual", False), ("backfill", False), ("backfill", True)]
)
def test_the_decision_is_told_that_a_training_follows_where_one_is_triggered(trigger, run_type, in_backfill):
    """Else it would count for a budget of which nothing was spent, or spend what is not counted."""
    told = "--triggers" in retrain_arguments("flight_delay", run("retrain", run_type, in_backfill))
    with pytest.raises(DagRunTriggerException if told else AirflowSkipException):
        trigger.execute(run("retrain", run_type, in_backfill))


def test_a_decision_that_left_no_result_fails(trigger):
    with pytest.raises(AirflowFailException, match="decide_retrain left no result"):
        trigger.execute(run(None))


def test_airflow_tells_a_task_that_its_run_is_a_backfill():
    """The rule above hangs on this: the run type is part of what Airflow sends to a task."""
    assert DagRun.model_fields["run_type"].annotation is DagRunType
    assert DagRunType.BACKFILL == "backfill"


def test_triggering_in_a_backfill_is_off_until_asked_for():
    assert backfill_param()["trigger_in_backfill"].resolve() is False


@pytest.mark.parametrize("decision", ["decision/flight_delay/2013-05-01T00:00:00", "a b", "é;'\"\n"])
def test_the_run_id_of_a_decision_has_only_what_airflow_allows(decision):
    assert re.fullmatch(conf.get("scheduler", "allowed_run_id_pattern"), run_id_of(decision))
