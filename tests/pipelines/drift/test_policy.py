from datetime import UTC, datetime, timedelta

import pytest

from pipelines.drift.policy import Decision, ExpectedGain, Freeze, RetrainState, Signal, decide
from pipelines.monitoring_spec import Retrain

AS_OF = datetime(2013, 6, 1, tzinfo=UTC)
POLICY = Retrain(at_severity="critical", cooldown_days=20)
LOSS = Signal(series="quality/loss/auc", since="2013-05", severity="critical", text="auc 0.60 against 0.75")
PSI = Signal(series="input/psi/distance_mi", since="2013-05", severity="warning", text="distance_mi: PSI 0.3")
ROWS = Signal(series="volume/volume_change/rows", since="2013-05", severity="critical", text="rows: half of May")


def days(count: float) -> timedelta:
    return timedelta(days=count)


def state(**told) -> RetrainState:
    """A champion of a month ago, whose quality fell critically; nothing else in the way."""
    since = AS_OF - days(31)
    known = {"as_of": AS_OF, "champion_version": 4, "champion_since": since, "trained_until": since}
    return RetrainState(**(known | {"quality": "critical"} | told))


def answer(policy: Retrain = POLICY, signals: list[Signal] | None = None, **told) -> Decision:
    return decide(policy, state(**told), [LOSS] if signals is None else signals)


def test_critical_drift_of_an_old_champion_asks_for_a_retraining_and_names_its_signals():
    assert answer() == Decision("retrain", "critical: auc 0.60 against 0.75", ["quality/loss/auc since 2013-05"])


@pytest.mark.parametrize("signals", [[], [PSI]])
def test_what_is_below_the_policys_severity_waits(signals):
    decision = answer(signals=signals)
    assert decision.answer == "wait" and decision.acted_on == []
    assert decision.reason == f"severity {'warning' if signals else 'ok'} is below critical"


def test_a_policy_may_retrain_on_a_warning():
    assert answer(Retrain(at_severity="warning"), [PSI], quality="warning").answer == "retrain"


def test_what_has_not_persisted_does_not_count():
    passing = LOSS.model_copy(update={"persisted": False})
    assert answer(signals=[passing]).reason == "severity ok is below critical"


@pytest.mark.parametrize(("age", "expected"), [(0, "wait"), (19.9, "wait"), (20, "retrain")])
def test_a_fresh_champion_is_left_alone_until_the_cooldown_is_over(age, expected):
    decision = answer(champion_since=AS_OF - days(age))
    assert decision.answer == expected
    assert expected == "retrain" or "inside the cooldown of 20 days" in decision.reason


@pytest.mark.parametrize("apart", [-19, -1, 1, 19])
def test_a_retraining_near_this_one_on_either_side_is_enough(apart):
    decision = answer(retrained_at=AS_OF + days(apart))
    assert decision.reason.startswith(f"a retraining was decided as of {AS_OF + days(apart):%F}, inside the cooldown")
    assert answer(retrained_at=AS_OF + days(20)).answer == "retrain"


def test_good_quality_needs_no_training_whatever_else_moved():
    decision = answer(Retrain(at_severity="warning"), [PSI], quality="ok")
    assert decision.reason == "quality holds, so training is no cure; for the data's owner: distance_mi: PSI 0.3"


def test_before_labels_are_in_the_inputs_decide():
    assert answer(Retrain(at_severity="warning"), [PSI], quality=None).answer == "retrain"


def test_a_loss_that_has_not_persisted_waits_for_the_next_window():
    assert "has not persisted" in answer(Retrain(at_severity="warning"), [PSI], quality="info").reason


def test_what_training_does_not_cure_does_not_train():
    decision = answer(signals=[ROWS], quality=None)
    assert decision.reason == "nothing that training cures; for the data's owner: rows: half of May"


@pytest.mark.parametrize(
    ("on_data_fault", "signal", "expected"),
    [
        ("ask", PSI, "ask"),
        ("wait", LOSS, "wait"),
        ("stop", LOSS, "stop"),
        ("stop", PSI, "ask"),
    ],
)
def test_a_data_fault_is_for_people_and_stops_serving_only_when_it_is_critical(on_data_fault, signal, expected):
    policy = Retrain(on_data_fault=on_data_fault, champion_age="P7D")
    decision = answer(policy, [signal], cause="data_fault", sentence="temperature_f is in °C")
    assert decision.answer == expected and "temperature_f is in °C" in decision.reason


def test_each_signal_is_acted_on_once():
    decision = answer(consumed=[LOSS.identity])
    assert decision.reason == "acted on before, and not ended since: auc 0.60 against 0.75"


def test_what_a_failed_retraining_acted_on_is_for_a_person():
    decision = answer(consumed=[LOSS.identity], failures=1)
    assert decision.answer == "ask"
    assert decision.reason.startswith("the candidate of the last retraining failed its gates, so training again won't")


def test_a_window_of_the_version_before_says_nothing_of_this_one():
    decision = answer(scored_by=3)
    assert decision.reason == ("version 3 scored the window and version 4 took force since: its own windows will tell")
    assert answer(scored_by=4).answer == "retrain"


def test_a_signal_that_ended_and_began_anew_is_another():
    anew = LOSS.model_copy(update={"since": "2013-06"})
    decision = answer(signals=[anew], consumed=[LOSS.identity])
    assert decision.acted_on == ["quality/loss/auc since 2013-06"]


def test_a_new_signal_beside_one_that_was_acted_on_counts():
    other = LOSS.model_copy(update={"series": "quality/loss/auc[origin=EWR]", "text": "auc of EWR 0.55"})
    decision = answer(signals=[LOSS, other], consumed=[LOSS.identity])
    assert decision == Decision("retrain", "critical: auc of EWR 0.55", [other.identity])


FREEZE = Freeze(until=AS_OF + days(1), by="ada", reason="the feed is being moved")


def test_a_freeze_keeps_from_retraining_until_its_day():
    decision = answer(freeze=FREEZE, champion_since=AS_OF - days(400))
    assert (decision.answer, decision.reason) == ("wait", "frozen until 2013-06-02 by ada: the feed is being moved")
    assert answer(freeze=FREEZE.model_copy(update={"until": AS_OF})).answer == "retrain"


@pytest.mark.parametrize("told", ["stop", "ask"])
def test_a_freeze_keeps_nobody_from_being_told_of_faulty_data(told):
    assert answer(Retrain(on_data_fault=told), freeze=FREEZE, cause="data_fault").answer == told


def test_a_failed_retraining_doubles_the_cooldown_and_says_so():
    decision = answer(champion_since=AS_OF - days(60), retrained_at=AS_OF - days(31), failures=1)
    assert decision.answer == "wait"
    assert "inside the cooldown of 40 days, doubled because" in decision.reason
    assert "training again won't fix it" in decision.reason
    assert answer(champion_since=AS_OF - days(60), retrained_at=AS_OF - days(40), failures=1).answer == "retrain"


def test_from_the_second_failure_on_a_person_is_asked():
    decision = answer(failures=2, retrained_at=AS_OF - days(1))
    assert decision.answer == "ask" and decision.acted_on == []
    assert decision.reason.startswith("the candidates of the last 2 retrainings failed their gates, so training again")
    assert answer(failures=2, signals=[]).answer == "wait", "nobody is asked about nothing"


@pytest.mark.parametrize(
    ("policy", "told", "reason"),
    [
        (Retrain(retrains_per_month=2), {"retrains": 2}, "2 retrainings in June 2013, the budget is 2"),
        (Retrain(gpu_hours_per_month=1.5), {"gpu_hours": 1.5}, "1.5 GPU hours in June 2013, the budget is 1.5"),
        (
            Retrain(least_new_partitions=1),
            {"new_partitions": 0},
            "0 new partitions since the champion's training until 2013-05-01, 1 is asked for",
        ),
        (
            Retrain(least_gain=0.01),
            {"expected_gain": ExpectedGain(estimate=0.004, observations=5)},
            "by 5 past gaps a fresh model would gain 0.0040, 0.01 is asked for",
        ),
    ],
)
def test_what_a_policy_bounds_waits(policy, told, reason):
    assert answer(policy, **told) == Decision("wait", reason)
    assert answer(policy).answer == "retrain"


def test_a_champion_over_its_age_is_retrained_without_drift():
    policy = Retrain(champion_age="P30D")
    decision = answer(policy, [], quality="ok")
    assert decision == Decision("retrain", "champion 4 was trained 31 days ago, the limit is 30 days")
    assert answer(policy, [], quality="ok", trained_until=AS_OF - days(29)).answer == "wait"


def test_age_is_held_to_cooldown_and_budget_but_to_no_gain():
    policy = Retrain(champion_age="P30D", least_gain=0.01, retrains_per_month=1)
    none = ExpectedGain(estimate=0.0, observations=5)
    assert answer(policy, [], expected_gain=none).answer == "retrain"
    assert "budget is 1" in answer(policy, [], retrains=1).reason
    assert "cooldown" in answer(policy, [], champion_since=AS_OF - days(3)).reason
