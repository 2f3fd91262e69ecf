import numpy as np
import pytest

from pipelines.gates.kinds.versus import VersusBaseline, VersusChampion
from tests.pipelines.gates.hand_written import RIGHT, WRONG, evidence

VERSUS = VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.01)


def test_a_missing_champion_means_the_other_gates_decide():
    result = VERSUS.judge(evidence())
    assert result.verdict == "pass" and result.rows == 0 and result.value is None
    assert "no champion is in force yet" in result.sentence


def test_an_equal_challenger_passes():
    result = VERSUS.judge(evidence(champion=RIGHT))
    assert (result.verdict, result.value, result.bound, result.rows) == ("pass", 0, -0.01, 6)


def test_a_worse_challenger_fails_and_says_by_how_much():
    result = VERSUS.judge(evidence(candidate=WRONG, champion=RIGHT))
    assert (result.verdict, result.value, result.stops) == ("fail", -1, True)
    assert "-1.0000" in result.sentence and "a loss of up to 0.01 is allowed" in result.sentence


def test_a_better_challenger_passes():
    assert VERSUS.judge(evidence(champion=WRONG)).value == 1


def test_where_less_is_better_a_smaller_loss_is_a_gain():
    gate = VersusChampion(kind="versus_champion", metric="brier", not_worse_by=0.01)
    better = gate.judge(evidence(champion=WRONG))
    assert better.verdict == "pass" and better.value > 0 and better.low <= better.value <= better.high
    assert gate.judge(evidence(candidate=WRONG, champion=RIGHT)).verdict == "fail"


def test_only_rows_that_the_champion_never_saw_are_compared():
    seen = np.r_[WRONG[:4], RIGHT[4:]]
    result = VERSUS.judge(evidence(candidate=seen, champion=np.r_[np.full(4, np.nan), RIGHT[4:]]))
    assert (result.verdict, result.value, result.rows) == ("pass", 0, 2)


@pytest.mark.parametrize(("better_by", "verdict"), [(0.0, "pass"), (0.5, "fail")])
def test_a_baseline_must_be_beaten_by_more_than_the_margin(better_by, verdict):
    gate = VersusBaseline(kind="versus_baseline", metric="brier", baseline="majority", better_by=better_by)
    result = gate.judge(evidence(majority=np.full(6, 0.5)))
    assert result.verdict == verdict and result.value == pytest.approx(0.25 - 0.14 / 3)
