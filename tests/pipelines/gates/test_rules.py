import numpy as np
import pytest

from pipelines.gates.rules import Evidence, judge
from pipelines.spec import Ceiling, Floor, VersusBaseline, VersusChampion

LABEL = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
DAY = np.array([0, 0, 1, 1, 2, 2])
RIGHT = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3])
WRONG = 1 - RIGHT
ALL = np.ones(6, bool)


def evidence(candidate=RIGHT, champion=None, comparable=ALL, **baselines) -> Evidence:
    return Evidence(LABEL, DAY, candidate, baselines, champion, comparable)


VERSUS = VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.01)


def test_a_missing_champion_means_the_other_gates_decide():
    result = judge(VERSUS, evidence())
    assert result.verdict == "pass" and result.rows == 0 and result.value is None
    assert "no champion is in force yet" in result.sentence


def test_an_equal_challenger_passes():
    result = judge(VERSUS, evidence(champion=RIGHT))
    assert (result.verdict, result.value, result.bound, result.rows) == ("pass", 0, -0.01, 6)


def test_a_worse_challenger_fails_and_says_by_how_much():
    result = judge(VERSUS, evidence(candidate=WRONG, champion=RIGHT))
    assert (result.verdict, result.value) == ("fail", -1)
    assert "-1.0000" in result.sentence and "a loss of up to 0.01 is allowed" in result.sentence


def test_a_better_challenger_passes():
    assert judge(VERSUS, evidence(champion=WRONG)).value == 1


def test_where_less_is_better_a_smaller_loss_is_a_gain():
    gate = VersusChampion(kind="versus_champion", metric="brier", not_worse_by=0.01)
    better = judge(gate, evidence(champion=WRONG))
    assert better.verdict == "pass" and better.value > 0 and better.low <= better.value <= better.high
    assert judge(gate, evidence(candidate=WRONG, champion=RIGHT)).verdict == "fail"


def test_a_champion_trained_on_the_held_out_rows_cannot_be_compared_with():
    result = judge(VERSUS, evidence(champion=WRONG, comparable=~ALL))
    assert (result.verdict, result.rows) == ("fail", 0)
    assert "not trained on" in result.sentence


def test_only_rows_that_the_champion_never_saw_are_compared():
    last = np.array([False, False, False, False, True, True])
    seen = np.where(last, RIGHT, WRONG)
    result = judge(VERSUS, evidence(candidate=seen, champion=RIGHT, comparable=last))
    assert (result.verdict, result.value, result.rows) == ("pass", 0, 2)


@pytest.mark.parametrize(("at_least", "verdict"), [(0.99, "pass"), (1.0, "pass"), (1.01, "fail")])
def test_a_floor_is_reached_or_not(at_least, verdict):
    result = judge(Floor(kind="floor", metric="auc", at_least=at_least), evidence())
    assert result.verdict == verdict and f"at least {at_least:g} is asked" in result.sentence


@pytest.mark.parametrize(("at_most", "verdict"), [(0.05, "pass"), (0.04, "fail")])
def test_a_ceiling_is_kept_or_not(at_most, verdict):
    # (0.1² + 0.2² + 0.3²) / 3 = 0.0467
    result = judge(Ceiling(kind="ceiling", metric="brier", at_most=at_most), evidence())
    assert result.verdict == verdict and result.value == pytest.approx(0.14 / 3)


def test_a_baseline_must_be_beaten_not_met():
    gate = VersusBaseline(kind="versus_baseline", metric="brier", baseline="majority", better_by=0.0)
    assert judge(gate, evidence(majority=RIGHT)).verdict == "fail"
    assert judge(gate, evidence(majority=np.full(6, 0.5))).verdict == "pass"


def test_a_baseline_must_be_beaten_by_more_than_the_margin():
    gate = VersusBaseline(kind="versus_baseline", metric="brier", baseline="majority", better_by=0.21)
    result = judge(gate, evidence(majority=np.full(6, 0.5)))
    assert result.verdict == "fail" and result.value == pytest.approx(0.25 - 0.14 / 3)
