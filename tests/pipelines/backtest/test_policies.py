"""The policies by name, and those that follow the calendar."""

from datetime import UTC, datetime

import pytest

from pipelines.backtest.policies import by_calendar, policies_of, usual
from pipelines.errors import CallerError
from pipelines.monitoring_spec import Retrain
from pipelines.spec import find_model

SPEC = find_model("flight_delay")


def on(month: int, day: int = 1) -> datetime:
    return datetime(2013, month, day, tzinfo=UTC)


def named(*names: str):
    return {one.name: one for one in policies_of(SPEC, list(names))}


def test_never_and_the_oracle_are_always_there():
    assert list(named("monthly")) == ["never", "monthly", "oracle"]
    assert list(named("oracle", "monthly", "monthly", "never")) == ["never", "monthly", "oracle"]


def test_the_specs_own_rule_is_taken_as_it_is():
    assert named("spec")["spec"].rule == SPEC.retrain


def test_a_variant_is_the_specs_rule_with_another_severity_and_cooldown():
    rule = named("critical-45")["critical-45"].rule
    assert rule == SPEC.retrain.model_copy(update={"at_severity": "critical", "cooldown_days": 45})


def test_a_variant_that_is_the_specs_own_rule_is_not_replayed_twice():
    as_variant = SPEC.model_copy(update={"retrain": Retrain(at_severity="warning", cooldown_days=60)})
    assert "warning-60" not in usual(as_variant)
    assert {"spec", "warning-20", "critical-60"} <= set(usual(as_variant))


@pytest.mark.parametrize("name", ["weekly", "warning", "warning-", "fatal-20", "critical-x"])
def test_an_unknown_policy_is_refused_with_those_that_are_known(name):
    with pytest.raises(CallerError, match=f"No policy named '{name}'. Known: never, monthly, quarterly, spec"):
        named(name)


def test_monthly_retrains_once_a_month():
    monthly = named("monthly")["monthly"]
    assert by_calendar(monthly, on(5), last=on(4)).answer == "retrain"
    assert by_calendar(monthly, on(5, 20), last=on(5)).answer == "wait"


def test_quarterly_waits_for_the_next_quarter_of_the_calendar():
    quarterly = named("quarterly")["quarterly"]
    answers = [by_calendar(quarterly, on(month), last=on(4)).answer for month in (5, 6, 7)]
    assert answers == ["wait", "wait", "retrain"]
    assert by_calendar(quarterly, datetime(2014, 1, 1, tzinfo=UTC), last=on(12)).answer == "retrain"
