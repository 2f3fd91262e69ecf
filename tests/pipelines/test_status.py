import pytest

from pipelines.champions import Champion, promote
from pipelines.errors import SpecError
from pipelines.gates.evaluation import Evaluation
from pipelines.journal import Event, record
from pipelines.layout import evaluation
from pipelines.report.status import as_text, status
from tests.pipelines.months import FEBRUARY, MARCH


@pytest.fixture
def told(store):
    """Two promotions, evaluations, a drift report and a decision."""
    for version, interval, verdict in ((2, FEBRUARY, "pass"), (10, MARCH, "fail")):
        as_of = interval.as_of.isoformat()
        judged = Evaluation("flight_delay", as_of, version, None, 1, ("", ""), "scores", 9, 0, verdict, [], {})
        store.write_file(evaluation("flight_delay", version), judged.to_json().encode())
    promote(store, "flight_delay", Champion(2, "run", FEBRUARY.as_of, FEBRUARY.as_of), "digest")
    drift = {"part": "2013-03", "severity": "warning", "reasons": ["auc 0.71 against 0.74 at evaluation"]}
    record(store, Event("drift", "flight_delay", MARCH.as_of, drift))
    record(store, Event("decision", "flight_delay", MARCH.as_of, {"decision": "wait", "reason": "below critical"}))
    return store


def test_status_says_what_is_in_force_and_what_was_last_said(told):
    found = status("flight_delay")
    assert found["champion"] == {"version": 2, "effective_from": "2013-03-01T00:00:00+00:00"}
    assert (found["evaluation"]["version"], found["evaluation"]["verdict"]) == (10, "fail")
    assert found["drift"]["severity"] == "warning" and found["decision"] == "wait"
    text = as_text(found)
    assert "version 2 since 2013-03-01" in text and "wait: below critical" in text
    assert "warning in 2013-03: auc 0.71 against 0.74 at evaluation" in text


def test_a_model_that_was_never_trained_says_so_and_how(store):
    found = status("arrival_minutes")
    assert found["champion"]["version"] is None and found["decision"] is None
    assert found["dataset"] == {"name": "flights", "newest_partition": None}
    assert "none yet; train one: python -m pipelines backfill arrival_minutes__train" in as_text(found)


def test_a_model_that_is_not_declared_is_named(store):
    with pytest.raises(SpecError, match="No model named 'fligt_delay'"):
        status("fligt_delay")
