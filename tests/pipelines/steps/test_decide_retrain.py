import pytest

from pipelines.__main__ import main
from pipelines.dataset import ValidatedPartition
from pipelines.errors import MissingInput
from pipelines.interval import Interval
from pipelines.journal import events, record
from pipelines.layout import drift_report
from pipelines.monitoring_spec import Retrain
from pipelines.retrain.state import DECISION
from pipelines.spec import find_model
from pipelines.steps import decide_retrain
from tests.pipelines.retrain.reports import APRIL, JUNE, MAY, MODEL, alarm, in_force, report

SPEC = find_model(MODEL).model_copy(update={"retrain": Retrain(least_new_partitions=0)})
LAST = Interval(MAY, JUNE)


@pytest.fixture
def monitored(store):
    in_force(store, 1, APRIL)
    store.write_file(drift_report(MODEL, "2013-05"), report(alarm()).to_json().encode())
    return store


def test_the_step_journals_the_decision_and_names_the_run_that_it_triggers(monitored):
    told = decide_retrain.run(SPEC, LAST, monitored)
    assert told.outcome == "2013-05: retrain, critical: auc is worse"
    assert told.references == {
        "decision": "decision/flight_delay/2013-06-01T00:00:00",
        "run": "retrain__decision-flight_delay-2013-06-01T00:00:00",
        "report": "drift/flight_delay/2013-05.json",
    }
    assert decide_retrain.run(SPEC, LAST, monitored) == told
    assert len(events(monitored, DECISION, MODEL)) == 1


def test_it_is_journalled_whether_a_training_follows(monitored):
    record(monitored, ValidatedPartition("2013-05", 100, {}, {}).event("flights", JUNE))
    made = []
    for words in ([], ["--triggers"], []):
        assert main(["decide_retrain", "--model", MODEL, "--start", "2013-05-01", "--end", "2013-06-01", *words]) == 0
        (event,) = events(monitored, DECISION, MODEL)
        made.append(event.content["triggers"])
    assert made == [False, True, True]


def test_without_a_report_the_command_that_makes_one_is_told(store):
    with pytest.raises(MissingInput, match=r"2013-05 has no drift report.*backfill flight_delay__monitor"):
        decide_retrain.run(SPEC, LAST, store)
