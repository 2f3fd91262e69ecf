import numpy as np
import pytest

from pipelines.gates.kinds.prediction_shift import PredictionShift
from pipelines.metrics import measure
from tests.pipelines.gates.hand_written import DAY, LABEL, RIGHT, evidence

MOVED = np.array([0.9, 0.2, 0.8, 0.3, 0.7, 0.1])  # by 0, .1, 0, .1, 0, -.2


def gate(at_most, **rest) -> PredictionShift:
    return PredictionShift(kind="prediction_shift", at_most=at_most, **rest)


@pytest.mark.parametrize(("at_most", "verdict"), [(0.07, "pass"), (0.06, "fail")])
def test_the_mean_absolute_difference_is_kept_or_not(at_most, verdict):
    result = gate(at_most).judge(evidence(MOVED, RIGHT))
    assert result.verdict == verdict and result.value == pytest.approx(0.4 / 6)
    assert result.low < result.value < result.high and result.rows == 6


def test_a_shift_that_the_auc_does_not_see_is_seen():
    halved = RIGHT / 2
    assert measure("auc", LABEL, halved, DAY).value == measure("auc", LABEL, RIGHT, DAY).value
    result = gate(0.05).judge(evidence(halved, RIGHT))
    assert (result.verdict, result.value) == ("fail", pytest.approx(0.25)) and result.stops
    assert result.sentence.endswith("on the whole they are 0.2500 lower")


def test_the_side_is_named():
    result = gate(0.2).judge(evidence(RIGHT + 0.1, RIGHT))
    assert result.sentence.endswith("on the whole they are 0.1000 higher")
    assert result.details["mean_shift"]["value"] == pytest.approx(0.1)


@pytest.mark.parametrize(("at_most", "verdict"), [(0.5, "pass"), (0.07, "cannot_tell"), (0.001, "fail")])
def test_the_bound_may_be_asked_of_the_whole_interval(at_most, verdict):
    lately = np.r_[RIGHT[:2] + 0.05, RIGHT[2:4] + 0.06, RIGHT[4:] + 0.1]
    assert gate(at_most, judged_by="interval").judge(evidence(lately, RIGHT)).verdict == verdict


def test_only_rows_that_the_champion_never_saw_are_compared():
    result = gate(0.2).judge(evidence(MOVED, np.r_[np.full(4, np.nan), RIGHT[4:]]))
    assert (result.value, result.rows) == (pytest.approx(0.1), 2)


def test_a_champion_that_saw_every_row_cannot_tell():
    result = gate(0.2).judge(evidence(MOVED, np.full(6, np.nan)))
    assert (result.verdict, result.stops) == ("cannot_tell", True)


def test_a_missing_champion_means_the_other_gates_decide():
    result = gate(0.2).judge(evidence())
    assert result.verdict == "pass" and "no champion is in force yet" in result.sentence
