import numpy as np
import pytest

from pipelines.report.charts import chart
from pipelines.report.curves import curves, precision_recall, residual_quantiles, roc
from tests.pipelines.gates.hand_written import LABEL, RIGHT, WRONG, scored

NAMES = {"candidate": "candidate 3", "champion": "champion 2"}


def area(points):
    x, y = np.array(points).T
    return float(np.trapezoid(y, x))


def test_the_area_under_the_curve_is_the_auc():
    label = np.array([1, 0, 1, 1, 0, 0, 1, 0.0])
    score = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.1])
    assert area(roc(label, score)) == pytest.approx(12 / 16)  # 11 pairs in order, 2 ties


def test_equal_scores_draw_chance():
    assert roc(LABEL, np.full(6, 0.5)) == [(0.0, 0.0), (1.0, 1.0)]
    assert precision_recall(LABEL, np.full(6, 0.5)) == [(1.0, 0.5)]


def test_a_perfect_score_has_full_precision_until_all_are_found():
    points = precision_recall(LABEL, RIGHT)
    assert (1.0, 1.0) in points and points[-1] == (1.0, 0.5)


def test_residuals_are_observed_less_predicted():
    points = residual_quantiles(np.full(5, 10.0), np.array([9.0, 9, 9, 9, 9]))
    assert {y for _, y in points} == {1.0} and points[0][0] == pytest.approx(0.05)


def test_classification_has_three_curves_of_candidate_and_champion():
    drawn = curves(scored(RIGHT, champion=WRONG), "classification")
    assert [curve.title.split()[0] for curve in drawn] == ["Receiver", "Precision", "Calibration"]
    assert all(list(curve.lines) == ["candidate", "champion"] for curve in drawn)


def test_regression_has_deciles_and_residuals_in_the_targets_unit():
    drawn = curves(scored(RIGHT, label=np.arange(6)), "regression", "arr_delay_min")
    assert [curve.y_label for curve in drawn] == ["mean observed, arr_delay_min", "observed - predicted, arr_delay_min"]
    assert list(drawn[0].lines) == ["candidate"]


def test_what_has_one_class_is_not_drawn():
    assert curves(scored(RIGHT, label=np.ones(6)), "classification") == []
    some = np.array([0.2, np.nan, 0.3, np.nan, 0.4, np.nan])
    assert list(curves(scored(RIGHT, champion=some), "classification")[0].lines) == ["candidate"]


def test_a_champion_that_scored_fewer_rows_says_so():
    some = np.array([0.2, 0.1, 0.3, np.nan, 0.4, 0.5])
    drawn = chart(curves(scored(RIGHT, champion=some), "classification")[0], NAMES)
    assert [line.name for line in drawn.lines] == ["candidate 3", "champion 2, 5 of 6 rows"]


def test_calibration_has_one_unit_on_both_axes():
    label, score = np.array([0.0, 0, 0, 1] * 5), np.linspace(0.1, 0.4, 20)
    drawn = chart(curves(scored(score, label=label, day=np.arange(20)), "classification")[2], NAMES)
    assert [text for _, text in drawn.x_ticks] == [text for _, text in drawn.y_ticks]
    assert len(drawn.lines[0].marks) == 10
