"""Decisions as they are journalled: one of a model and a time, made again from its own content."""

import random
from dataclasses import replace

import pytest

from pipelines.drift.policy import ANSWERS, Decision, Freeze
from pipelines.drift.series import ORDER
from pipelines.errors import MissingInput
from pipelines.journal import events, everything, record
from pipelines.layout import JOURNAL_TABLE
from pipelines.monitoring_spec import Retrain
from pipelines.retrain.decisions import decide_and_record, replay
from pipelines.retrain.freeze import freeze, lift
from pipelines.retrain.state import DECISION
from pipelines.spec import find_model
from tests.pipelines.retrain.reports import APRIL, JULY, JUNE, MAY, MODEL, alarm, days, in_force, judged, report

SPEC = find_model(MODEL)


def with_policy(**told):
    return SPEC.model_copy(update={"retrain": Retrain(**({"at_severity": "warning"} | told))})


SPARSE = with_policy(least_new_partitions=0)


@pytest.fixture
def served(store):
    """A champion of April."""
    in_force(store, 1, APRIL)
    return store


def decided(store, *states, spec=SPARSE, as_of=JUNE, triggered=True, **told):
    return decide_and_record(spec, store, report(*states, **told), as_of, triggered).content


def test_a_decision_to_retrain_is_journalled_with_its_signals_and_inputs(served):
    event = decide_and_record(SPARSE, served, report(alarm()), JUNE, triggered=True)
    assert events(served, DECISION, MODEL) == [event]
    assert event.content["decision"] == "retrain" and event.content["part"] == "2013-05"
    assert event.content["acted_on"] == ["quality/loss/auc since 2013-05"]
    state = event.content["inputs"]["state"]
    assert (state["champion_version"], state["trained_until"]) == (1, "2013-04-01T00:00:00Z")


def test_a_negative_decision_is_journalled_too(served):
    assert decided(served)["reason"] == "severity ok is below warning"
    assert len(events(served, DECISION, MODEL)) == 1


def test_the_monitor_run_twice_writes_nothing_more(served):
    for states in ([], [alarm()]):
        first = decide_and_record(SPARSE, served, report(*states), JUNE, triggered=True)
        version = served.version(JOURNAL_TABLE)
        assert decide_and_record(SPARSE, served, report(*states), JUNE, triggered=True) == first
        assert served.version(JOURNAL_TABLE) == version


def test_a_decision_to_retrain_stands_whatever_the_report_says_later(served):
    first = decide_and_record(SPARSE, served, report(alarm()), JUNE, triggered=True)
    assert decide_and_record(SPARSE, served, report(quality="ok"), JUNE, triggered=True) == first


def test_a_negative_decision_is_made_anew_when_the_report_changed(served):
    assert decided(served)["decision"] == "wait"
    assert decided(served, alarm())["decision"] == "retrain"
    assert len(events(served, DECISION, MODEL)) == 1


def test_a_journal_that_went_on_does_not_rewrite_an_earlier_answer(served):
    first = decided(served, alarm(severity="info"), quality=None)
    decided(served, alarm(since="2013-06"), part="2013-06", as_of=JULY)
    assert decided(served, alarm(severity="info"), quality=None) == first


def test_a_signal_is_acted_on_once_and_counts_again_when_it_began_anew(served):
    decided(served, alarm())
    in_force(served, 2, JUNE, against=1)
    judged(served, 2, JUNE, "pass")
    again = decided(served, alarm(), as_of=JULY, version=2)
    assert again["reason"] == "acted on before, and not ended since: auc is worse"
    anew = decided(served, alarm(since="2013-07"), as_of=JULY + days(31), version=2)
    assert anew["decision"] == "retrain"


def test_a_retraining_that_left_nothing_gives_its_signals_back(served):
    decided(served, alarm())
    assert "inside the cooldown" in decided(served, alarm("quality/loss/brier"), as_of=JUNE + days(19))["reason"]
    assert decided(served, alarm(), as_of=JUNE + days(19))["reason"].startswith("acted on before")
    assert decided(served, alarm(), as_of=JUNE + days(21))["decision"] == "retrain"


def test_a_failed_retraining_doubles_the_cooldown_and_a_second_asks(served):
    spec = with_policy(least_new_partitions=0, cooldown_days=10)
    decided(served, alarm(), spec=spec)
    judged(served, 2, JUNE, "fail")
    soon = decided(served, alarm(since="2013-06"), spec=spec, as_of=JUNE + days(15))
    assert "inside the cooldown of 20 days, doubled" in soon["reason"]
    later = JUNE + days(20)
    assert decided(served, alarm(since="2013-06"), spec=spec, as_of=later)["decision"] == "retrain"
    judged(served, 3, later, "fail")
    third = decided(served, alarm(since="2013-07"), spec=spec, as_of=JULY + days(40))
    assert third["decision"] == "ask" and "the last 2 retrainings failed their gates" in third["reason"]
    in_force(served, 4, JULY, against=1)
    assert decided(served, alarm(since="2013-08"), spec=spec, as_of=JULY + days(70), version=4)["decision"] == "retrain"


def test_the_budget_counts_the_retrainings_of_the_month(served):
    spec = with_policy(least_new_partitions=0, cooldown_days=0, retrains_per_month=1)
    decided(served, alarm(), spec=spec)
    second = decided(served, alarm(since="2013-06"), spec=spec, as_of=JUNE + days(3))
    assert second["reason"] == "1 retraining in June 2013, the budget is 1"
    assert decided(served, alarm(since="2013-06"), spec=spec, as_of=JULY)["decision"] == "retrain"


def test_a_decision_that_triggers_nothing_counts_for_nothing(served):
    """As of a backfill: neither for the cooldown, nor the budget, nor as an answer to its signals."""
    spec = with_policy(least_new_partitions=0, cooldown_days=20, retrains_per_month=1)
    on_record = decided(served, alarm(), spec=spec, triggered=False)
    assert (on_record["decision"], on_record["triggers"]) == ("retrain", False)
    judged(served, 2, JUNE, "fail")
    soon = decided(served, alarm(), spec=spec, as_of=JUNE + days(3))
    assert (soon["decision"], soon["triggers"]) == ("retrain", True)
    state = soon["inputs"]["state"]
    assert (state["retrains"], state["retrained_at"], state["failures"], state["consumed"]) == (0, None, 0, [])
    assert "inside the cooldown" in decided(served, alarm(since="2013-06"), spec=spec, as_of=JUNE + days(5))["reason"]


def test_a_monitor_that_triggers_decides_anew_over_what_a_backfill_put_on_record(served):
    first = decide_and_record(SPARSE, served, report(alarm()), JUNE)
    assert decide_and_record(SPARSE, served, report(alarm()), JUNE) == first, "and another backfill does not"
    second = decide_and_record(SPARSE, served, report(alarm()), JUNE, triggered=True)
    assert (first.content["triggers"], second.content["triggers"]) == (False, True) and first.key == second.key
    assert events(served, DECISION, MODEL) == [second]


def test_a_backfill_over_a_decision_that_triggered_leaves_it(served):
    first = decide_and_record(SPARSE, served, report(alarm()), JUNE, triggered=True)
    assert decide_and_record(SPARSE, served, report(quality="ok"), JUNE) == first


def test_a_decision_of_a_version_that_did_not_say_counts(served):
    event = decide_and_record(SPARSE, served, report(alarm()), JUNE, triggered=True)
    record(served, replace(event, content={name: event.content[name] for name in event.content if name != "triggers"}))
    assert "inside the cooldown" in decided(served, alarm("quality/loss/brier"), as_of=JUNE + days(5))["reason"]


def test_without_new_partitions_nothing_is_trained(served):
    assert "0 new partitions since" in decided(served, alarm(), spec=with_policy())["reason"]


def test_without_a_champion_there_is_nothing_to_retrain(store):
    with pytest.raises(MissingInput, match="no champion was in force before 2013-06-01"):
        decide_and_record(SPARSE, store, report(alarm()), JUNE)
    assert everything(store) == []


def test_a_freeze_holds_until_its_day_or_until_it_is_lifted(served):
    freeze(served, MODEL, Freeze(until=JULY, by="ada", reason="the feed moves"), JUNE)
    assert decided(served, alarm())["reason"] == "frozen until 2013-07-01 by ada: the feed moves"
    lift(served, MODEL, "it moved", "bob", JUNE)
    assert decided(served, alarm())["decision"] == "retrain"


def drawn_policy(draw: random.Random):
    return with_policy(
        at_severity=draw.choice(["warning", "critical"]),
        cooldown_days=draw.choice([0, 2, 9]),
        least_new_partitions=draw.choice([0, 0, 1]),
        on_data_fault=draw.choice(["ask", "wait", "stop"]),
        champion_age=draw.choice([None, "P400D", "P2WT36H"]),
        retrains_per_month=draw.choice([None, 3]),
    )


def drawn_report(draw: random.Random):
    series = ["quality/loss/auc", "input/psi/distance_mi", "volume/volume_change/rows"]
    alarming = [one for one in series if draw.random() < 0.6]
    states = [alarm(one, f"2013-{draw.randint(1, 9):02}", draw.choice(ORDER)) for one in alarming]
    cause = draw.choice(["none", "data_fault", "covariate_shift", "concept_shift"])
    return report(*states, quality=draw.choice([None, *ORDER]), cause=cause)


def test_every_decision_is_made_again_from_what_was_journalled(store):
    """Over a random history, with all answers among them."""
    draw = random.Random(5)
    in_force(store, 1, MAY - days(400))
    for step in range(60):
        as_of = MAY + days(draw.randint(0, 400))
        event = decide_and_record(drawn_policy(draw), store, drawn_report(draw), as_of, draw.random() < 0.8)
        if event.content["decision"] == "retrain" and draw.random() < 0.5:
            judged(store, step + 2, as_of, draw.choice(["pass", "fail"]))
    journalled = [event.content for event in events(store, DECISION, MODEL)]
    assert {content["decision"] for content in journalled} == set(ANSWERS)
    for event, content in zip(events(store, DECISION, MODEL), journalled, strict=True):
        assert replay(event) == Decision(content["decision"], content["reason"], content["acted_on"])
