import re

import pytest
from airflow.configuration import conf
from airflow.sdk.api.datamodels._generated import DagRun, DagRunType
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DagRunTriggerException

from plugins.retrain_trigger import RetrainTrigger, backfill_param, run_id_of
from tests.plugins.contexts import context


def decision(verdict: str) -> dict:
    return {
        "outcome": "AUC fell by 0.06, critical.",
        "references": {"decision": "flight_delay/2013-04"},
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
    assert asked.dag_run_id == "retrain__flight_delay-2013-04"
    assert asked.logical_date is None
    assert asked.skip_when_already_exists
    assert asked.conf == {
        "start": "2013-04-01T00:00:00+00:00",
        "end": "2013-05-01T00:00:00+00:00",
        "reason": "AUC fell by 0.06, critical.",
    }


def test_any_other_decision_skips_and_says_why(trigger):
    with pytest.raises(AirflowSkipException, match=r"No retraining \(cooldown\): AUC fell by 0.06"):
        trigger.execute(run("cooldown"))


def test_a_backfill_triggers_nothing_and_says_why(trigger):
    with pytest.raises(AirflowSkipException, match="Journalled only, because this is a backfill"):
        trigger.execute(run("retrain", run_type="backfill"))


def test_a_backfill_triggers_when_asked(trigger):
    with pytest.raises(DagRunTriggerException):
        trigger.execute(run("retrain", run_type="backfill", in_backfill=True))


def test_a_decision_that_left_no_result_fails(trigger):
    with pytest.raises(AirflowFailException, match="decide_retrain left no result"):
        trigger.execute(run(None))


def test_airflow_tells_a_task_that_its_run_is_a_backfill():
    """The rule above hangs on this: the run type is part of what Airflow sends to a task."""
    assert DagRun.model_fields["run_type"].annotation is DagRunType
    assert DagRunType.BACKFILL == "backfill"


def test_triggering_in_a_backfill_is_off_until_asked_for():
    assert backfill_param()["trigger_in_backfill"].resolve() is False


@pytest.mark.parametrize("decision_id", ["a b", "flight_delay/2013-04", "é;'\"\n"])
def test_a_run_id_has_only_what_airflow_allows(decision_id):
    allowed = conf.get("scheduler", "allowed_run_id_pattern")
    assert re.fullmatch(allowed, run_id_of(decision_id))
