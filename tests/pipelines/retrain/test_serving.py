import pytest

from pipelines.__main__ import main
from pipelines.errors import EXIT_DONE, CallerError, NothingToDo
from pipelines.interval import Interval
from pipelines.journal import everything
from pipelines.monitoring_spec import Retrain
from pipelines.report.status import as_text, status
from pipelines.retrain.decisions import decide_and_record
from pipelines.retrain.serving import refuse_stopped, resume, stops
from pipelines.spec import find_model
from pipelines.steps import predict
from tests.pipelines.retrain.reports import APRIL, JULY, JUNE, MAY, MODEL, alarm, in_force, report

SPEC = find_model(MODEL).model_copy(update={"retrain": Retrain(on_data_fault="stop")})
FAULT = report(alarm("input/step/temperature_f"), cause="data_fault")


@pytest.fixture
def stopped(store):
    """As of June, by a unit change."""
    in_force(store, 1, APRIL)
    decide_and_record(SPEC, store, FAULT, JUNE)
    return store


def test_a_critical_data_fault_stops_serving_from_its_time_on(stopped):
    refuse_stopped(stopped, MODEL, Interval(MAY, JUNE))
    refuse_stopped(stopped, "arrival_minutes", Interval(JUNE, JULY))
    with pytest.raises(CallerError, match=r"stopped since 2013-06-01, by the monitor of 2013-05: .*data_fault.*resume"):
        refuse_stopped(stopped, MODEL, Interval(JUNE, JULY))


def test_predict_refuses_before_it_reads_anything(stopped):
    with pytest.raises(CallerError, match="python -m pipelines resume flight_delay"):
        predict.run(SPEC, Interval(JUNE, JULY), stopped, registry=None)


def test_what_a_person_resumed_the_same_monitor_does_not_stop_again(stopped):
    assert "python -m pipelines resume flight_delay" in as_text(status(MODEL))
    assert main(["resume", MODEL, "--reason", "mended", "--by", "ada"]) == EXIT_DONE
    assert decide_and_record(SPEC, stopped, FAULT, JUNE).content["decision"] == "stop"
    refuse_stopped(stopped, MODEL, Interval(JUNE, JULY))
    assert status(MODEL)["serving_stopped"] == []
    with pytest.raises(NothingToDo, match="was not stopped"):
        resume(stopped, MODEL, "again", "ada", JUNE)


def test_a_report_that_changed_takes_the_decision_back_but_not_the_stop(stopped):
    assert decide_and_record(SPEC, stopped, report(quality="ok"), JUNE).content["decision"] == "wait"
    assert [stop.since for stop in stops(everything(stopped), MODEL)] == [JUNE]


def test_a_window_of_the_past_that_is_looked_at_again_stops_nothing(store):
    in_force(store, 1, APRIL)
    decide_and_record(SPEC, store, report(quality="ok"), JULY)
    assert decide_and_record(SPEC, store, FAULT, JUNE).content["decision"] == "stop"
    assert stops(everything(store), MODEL) == []
