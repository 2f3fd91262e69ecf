"""What a policy was worth and what it cost, on a made history."""

import numpy as np
import pytest

from pipelines.backtest.outcome import Measures, days_below_floor, mean_gain, measures_of, outcome_of, paired_gain
from pipelines.backtest.policies import policies_of
from pipelines.backtest.replay import Run, Turn
from pipelines.gates.comparison import Comparison
from pipelines.spec import find_model
from tests.pipelines.backtest.made_history import HELD_OUT_S, REFIT_S, made_history

SPEC = find_model("flight_delay")
MEASURES = Measures(margin=0.01, floor=0.65, price=0.0)
FRESH, STALE = (0, 1, 2, 3), (0, 0, 0, 0)


@pytest.fixture(scope="module")
def history():
    return made_history()


def run_of(name: str, served, alarmed=None, trained=()) -> Run:
    policy = next(one for one in policies_of(SPEC, [name]) if one.name == name)
    turns = []
    for at, fit in enumerate(served):
        heard = None if alarmed is None else at in alarmed
        turns.append(Turn(f"2013-{4 + at:02}", fit, "ok", heard, "wait", "", True if at + 1 in trained else None))
    return Run(policy, turns)


def test_the_regret_of_the_best_is_none_and_its_gain_is_over_never(history):
    outcome = outcome_of(history, run_of("monthly", FRESH, trained=(1, 2, 3)), FRESH, MEASURES)
    assert (outcome.regret.value, outcome.regret.low, outcome.regret.high) == (0, 0, 0)
    assert outcome.gain.low > 0
    assert outcome.gain.value == pytest.approx(paired_gain(history, FRESH, STALE).value)


def test_an_alarm_is_false_where_a_fresh_model_is_no_better(history):
    """The first window's model is fresh, so that alarm is false; in the others it is stale."""
    outcome = outcome_of(history, run_of("warning-20", STALE, alarmed={0, 2}), FRESH, MEASURES)
    assert outcome.fresh_gain[0] == 0
    assert min(outcome.fresh_gain[1:]) > MEASURES.margin
    assert (outcome.false_alarms, outcome.missed) == (1, 2)


def test_a_policy_that_hears_no_alarm_has_no_false_one_and_misses_all(history):
    outcome = outcome_of(history, run_of("never", STALE), FRESH, MEASURES)
    assert (outcome.false_alarms, outcome.missed) == (None, 3)


def test_a_training_costs_what_the_step_spends_with_the_older_windows_that_nobody_scored(history):
    """Monthly finds the older windows scored; who trains first as of July has to score those of June and May."""
    monthly = outcome_of(history, run_of("monthly", FRESH, trained=(1, 2, 3)), FRESH, MEASURES)
    late = outcome_of(history, run_of("quarterly", (0, 0, 0, 3), trained=(3,)), FRESH, MEASURES)
    assert monthly.cpu_s == pytest.approx(3 * (HELD_OUT_S + REFIT_S))
    assert late.cpu_s == pytest.approx(HELD_OUT_S + REFIT_S + 2 * HELD_OUT_S)


def test_days_below_the_floor_are_those_of_the_weeks_of_a_stale_model(history):
    fresh = history.quality(3, 3).value
    between = (fresh + history.quality(0, 3).value) / 2
    assert days_below_floor(history, (0, 0, 0, 0), 0.0) == 0
    assert days_below_floor(history, (0, 0, 0, 0), 1.0) == sum(len(np.unique(one.day)) for one in history.windows) - 6
    assert days_below_floor(history, STALE, between) > days_below_floor(history, FRESH, between)


def test_windows_add_their_errors_as_independent_ones():
    found = mean_gain([Comparison(0.03, 0.004, 30, 900), Comparison(0.01, 0.003, 31, 900)])
    assert found.value == pytest.approx(0.02)
    assert (found.high - found.low) / 2 == pytest.approx(0.0025 * 2.0, rel=0.01)


def test_windows_of_a_single_day_are_the_clusters_themselves():
    gains = [0.01, 0.03, 0.02, 0.04]
    found = mean_gain([Comparison(gain, None, 1, 900) for gain in gains])
    assert (found.high - found.low) / 2 == pytest.approx(3.1824 * np.std(gains, ddof=1) / 2, rel=1e-3)


def test_measures_follow_from_the_spec_unless_they_are_given():
    assert measures_of(SPEC, None, None, 0.0).floor == 0.65
    assert measures_of(SPEC, 0.003, 0.7, 0.1) == Measures(0.003, 0.7, 0.1)
    eager = SPEC.model_copy(update={"retrain": SPEC.retrain.model_copy(update={"least_gain": 0.004})})
    assert measures_of(eager, None, None, 0.0).margin == 0.004
    without = SPEC.model_copy(update={"gates": [], "retrain": SPEC.retrain.model_copy(update={"least_gain": 0.0})})
    assert measures_of(without, None, None, 0.0) == Measures(SPEC.monitoring.warning_loss / 2, None, 0.0)
