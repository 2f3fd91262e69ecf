import numpy as np
import pytest

from pipelines.drift.predictions import observe_predictions
from pipelines.drift.windows import HeldOut, Window
from pipelines.errors import EmptyWindow
from pipelines.monitoring_spec import Monitoring
from tests.pipelines.drift import days

POLICY = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)


def observe(held_out: np.ndarray, scores: np.ndarray, informs: bool = False):
    rows = days.rows({"delay": np.zeros(len(scores))})
    known = HeldOut(np.zeros(len(held_out)), held_out, days.rows({"delay": np.zeros(len(held_out))}).day)
    window = Window("2013-04", days.APRIL, days.APRIL.end, rows, scores, None)
    return {one.statistic: one for one in observe_predictions(known, window, POLICY, informs)}


def test_scores_like_those_held_out_have_not_moved():
    scores = np.random.default_rng(1).random(600)
    assert [one.value for one in observe(scores, scores).values()] == pytest.approx([0, 0, 0])


def test_shifts_are_told_without_their_sign():
    found = observe(np.full(600, 0.4), np.full(600, 0.1))
    assert found["mean_shift"].value == pytest.approx(0.3)
    assert found["mean_shift"].text == "mean 0.1000, 0.4000 in the champion's evaluation"
    # The likelier class has .6 and .9.
    assert found["confidence_shift"].value == pytest.approx(0.3)
    assert found["mean_shift"].daily == pytest.approx([0.3] * 30)
    assert {(len(one.daily), one.days[0], one.days[-1]) for one in found.values()} == {(30, "2013-03-01", "2013-03-30")}
    assert found["mean_shift"].worth == POLICY.prediction_shift and found["psi"].worth == POLICY.psi_warning


def test_where_something_else_decides_they_inform_only():
    assert {one.worth for one in observe(np.full(600, 0.4), np.full(600, 0.1), informs=True).values()} == {None}


def test_minutes_have_no_confidence():
    assert observe(np.full(600, 12.0), np.full(600, -3.0)).keys() == {"psi", "mean_shift"}


@pytest.mark.parametrize("sides", [(0, 20), (20, 0)])
def test_without_scores_on_either_side_there_is_nothing_to_compare(sides):
    with pytest.raises(EmptyWindow, match="Score 2013-04 again, or evaluate"):
        observe(*(np.full(count, 0.5) for count in sides))
