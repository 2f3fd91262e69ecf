import pytest

from pipelines.champions import Champion, promote
from pipelines.drift.policy import Freeze
from pipelines.errors import SpecError
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.journal import Event, record
from pipelines.layout import evaluation
from pipelines.report.status import as_text, status
from pipelines.retrain.freeze import freeze
from pipelines.retrain.serving import stop_event
from tests.pipelines.months import APRIL, FEBRUARY, MARCH

SENTENCE = (
    "Looks like a data fault since 2013-03: nulls in 40% of the rows of temperature_f from 2013-03-16 on (view "
    "weather). First see which rows the feed did not send."
)
FLOOR = GateResult("floor", "auc", "fail", "auc is .61, .65 is asked for", stops=True)


@pytest.fixture
def told(store):
    """Two promotions, evaluations, a drift report and a decision."""
    for version, interval, verdict in ((2, FEBRUARY, "pass"), (10, MARCH, "fail")):
        as_of = interval.as_of.isoformat()
        judged = Evaluation(
            "flight_delay",
            as_of,
            version,
            None,
            1,
            ("", ""),
            "scores",
            9,
            0,
            verdict,
            [FLOOR] if verdict == "fail" else [],
            {},
        )
        store.write_file(evaluation("flight_delay", version), judged.to_json().encode())
    promote(store, "flight_delay", Champion(2, "run", FEBRUARY.as_of, FEBRUARY.as_of), "digest")
    reasons = [f"warning: {name} 0.71 against 0.74 at evaluation" for name in ("auc", "brier", "ece", "pr_auc")]
    drift = {"part": "2013-03", "severity": "warning", "reasons": reasons, "cause": "data_fault", "sentence": SENTENCE}
    record(store, Event("drift", "flight_delay", MARCH.as_of, drift))
    decision = {"part": "2013-03", "decision": "ask", "reason": f"for the data's owner: {SENTENCE}"}
    record(store, Event("decision", "flight_delay", MARCH.as_of, decision))
    return store


def test_status_says_what_is_in_force_and_what_was_last_said(told):
    found = status("flight_delay")
    assert found["champion"] == {"version": 2, "effective_from": "2013-03-01T00:00:00+00:00"}
    assert (found["evaluation"]["version"], found["evaluation"]["verdict"]) == (10, "fail")
    assert found["drift"]["severity"] == "warning" and found["decision"] == "ask"
    assert (found["drift"]["cause"], found["drift"]["sentence"]) == ("data_fault", SENTENCE)


def test_a_person_on_call_reads_first_what_is_wrong_and_what_to_do(told):
    freeze(told, "flight_delay", Freeze(until=APRIL.as_of, by="ada", reason="the feed moves"), MARCH.as_of)
    record(told, stop_event("flight_delay", MARCH.as_of, "2013-03", "faulty data"))
    assert as_text(status("flight_delay"), width=100).splitlines() == [
        "flight_delay",
        "  drift       warning in 2013-03: Looks like a data fault since 2013-03: nulls in 40% of the rows of",
        "              temperature_f from 2013-03-16 on (view weather). First see which rows the feed did not",
        "              send.",
        "              - warning: auc 0.71 against 0.74 at evaluation",
        "              - warning: brier 0.71 against 0.74 at evaluation",
        "              - warning: ece 0.71 against 0.74 at evaluation",
        "              - and 1 more",
        f"              page: {told.uri}/drift/flight_delay/2013-03.html",
        "  decision    ask on 2013-03: for the data's owner: as above",
        "  stopped     since 2013-04-01: faulty data",
        "              once it is mended: python -m pipelines resume flight_delay --reason … --by …",
        "  frozen      until 2013-05-01 by ada: the feed moves",
        "  champion    version 2 since 2013-03-01",
        "  gates       version 10 fails floor on auc: it stays a candidate (as of 2013-04-01)",
        "  data        none yet",
    ]


def test_drift_that_was_told_of_before_sentences_were_kept_has_its_reasons(told):
    record(told, Event("drift", "flight_delay", APRIL.as_of, {"part": "2013-04", "severity": "ok", "reasons": []}))
    assert "  drift       ok in 2013-04: nothing moved\n" in as_text(status("flight_delay"))


def test_a_decision_to_retrain_is_told_with_what_came_of_it(told):
    retrains = {"part": "2013-04", "decision": "retrain", "reason": "critical: auc", "acted_on": [], "triggers": True}
    record(told, Event("decision", "flight_delay", APRIL.as_of, retrains))
    assert "retrain on 2013-04: critical: auc\n              no candidate yet of run retrain__decision" in as_text(
        status("flight_delay")
    )


def test_a_model_that_was_never_trained_says_so_and_how(store):
    found = status("arrival_minutes")
    assert found["champion"]["version"] is None and found["decision"] is None
    assert found["dataset"] == {"name": "flights", "newest_partition": None}
    assert "none yet; train one: python -m pipelines backfill arrival_minutes__train" in as_text(found)


def test_a_model_that_is_not_declared_is_named(store):
    with pytest.raises(SpecError, match="No model named 'fligt_delay'"):
        status("fligt_delay")
