from datetime import UTC, datetime, timedelta

import pytest

from pipelines.drift.policy import decide
from pipelines.monitoring_spec import Retrain

AS_OF = datetime(2013, 6, 1, tzinfo=UTC)
POLICY = Retrain(at_severity="critical", cooldown_days=20)


def days_ago(days: float) -> datetime:
    return AS_OF - timedelta(days=days)


def test_critical_drift_of_an_old_champion_asks_for_a_retraining():
    decision = decide(POLICY, "critical", "critical", ["auc 0.60 against 0.75"], days_ago(31), AS_OF)
    assert (decision.answer, decision.reason) == ("retrain", "critical: auc 0.60 against 0.75")


@pytest.mark.parametrize("severity", ["ok", "warning"])
def test_what_is_below_the_policys_severity_waits(severity):
    decision = decide(POLICY, severity, severity, ["distance_mi: PSI 0.3"], days_ago(31), AS_OF)
    assert (decision.answer, decision.reason) == ("wait", f"severity {severity} is below critical")


def test_a_policy_may_retrain_on_a_warning():
    assert (
        decide(Retrain(at_severity="warning"), "warning", "warning", ["one"], days_ago(31), AS_OF).answer == "retrain"
    )


@pytest.mark.parametrize(("age", "answer"), [(0, "wait"), (19.9, "wait"), (20, "retrain")])
def test_a_fresh_champion_is_left_alone_until_the_cooldown_is_over(age, answer):
    decision = decide(POLICY, "critical", "critical", ["worse"], days_ago(age), AS_OF)
    assert decision.answer == answer
    if answer == "wait":
        assert f"{int(age)} days old, inside the cooldown of 20" in decision.reason


def test_a_data_fault_under_good_quality_is_no_reason_to_train():
    decision = decide(Retrain(at_severity="warning"), "warning", "ok", ["gust: 40% more nulls"], days_ago(31), AS_OF)
    assert decision.answer == "wait"
    assert "gust: 40% more nulls" in decision.reason


def test_before_labels_are_in_the_inputs_decide():
    policy = Retrain(at_severity="warning")
    assert decide(policy, "warning", None, ["distance_mi: PSI 0.3"], days_ago(31), AS_OF).answer == "retrain"
