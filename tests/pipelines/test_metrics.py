import numpy as np
import pytest
from sklearn import metrics as reference

from pipelines.metrics import (
    average_precision,
    calibration,
    expected_calibration_error,
    measure,
    measure_all,
    placements,
    value_of,
)
from pipelines.spec_words import METRICS_OF

LABEL = np.array([0, 1, 0, 1, 1, 0], float)
SCORE = np.array([0.1, 0.9, 0.4, 0.4, 0.2, 0.3])
DAY = np.array(["a", "a", "b", "b", "c", "c"])


@pytest.fixture(scope="module")
def month():
    """Labels, two scores and days of a made month with ties, days that share their luck, and 900 rows."""
    chance = np.random.default_rng(5)
    day = np.repeat(np.arange(30), 30)
    risk = chance.normal(size=30)[day] + chance.normal(size=900)
    label = (risk + chance.normal(size=900) > 0.8).astype(float)
    one, other = (np.round(1 / (1 + np.exp(-risk - noise)), 2) for noise in chance.normal(size=(2, 900)))
    return label, one, other, day


def pairs_won(label, score):
    """AUC by its definition: of all pairs of a positive and a negative, the share ranked right; ties are half."""
    gaps = score[label == 1][:, None] - score[label == 0][None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def test_auc_is_the_share_of_pairs_ranked_right():
    assert measure("auc", LABEL, SCORE, DAY).value == pytest.approx(pairs_won(LABEL, SCORE)) == pytest.approx(6.5 / 9)


def test_metrics_equal_scikit_learns(month):
    label, score, _, day = month
    found = measure_all("classification", label, score, day)
    assert found["auc"].value == pytest.approx(reference.roc_auc_score(label, score))
    assert found["pr_auc"].value == pytest.approx(reference.average_precision_score(label, score))
    assert found["brier"].value == pytest.approx(reference.brier_score_loss(label, score))
    inside = np.clip(score, 1e-7, 1 - 1e-7)
    assert found["log_loss"].value == pytest.approx(reference.log_loss(label, inside))


@pytest.mark.parametrize("digits", [1, 2, 12])
def test_average_precision_is_scikit_learns_to_the_bit(month, digits):
    label, score, _, _ = month
    score = np.round(score + np.random.default_rng(9).uniform(0, 0.1, len(score)), digits)
    assert average_precision(label, score) == reference.average_precision_score(label, score)


def test_average_precision_by_hand():
    # Thresholds .9, .4, .3, .2: precision 1, 2/3, 1/2, 3/5 where recall rises by 1/3, 1/3, 0, 1/3.
    assert average_precision(LABEL, SCORE) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert np.isnan(average_precision(np.zeros(2), np.array([0.1, 0.2])))


def test_a_value_alone_is_the_measured_one(month):
    label, score, _, day = month
    for metric in (*METRICS_OF["classification"], *METRICS_OF["regression"]):
        assert value_of(metric, label, score) == measure(metric, label, score, day).value, metric


def test_errors_in_minutes_equal_scikit_learns(month):
    _, one, other, day = month
    found = measure_all("regression", 60 * one, 60 * other, day)
    assert found["mae"].value == pytest.approx(reference.mean_absolute_error(60 * one, 60 * other))
    assert found["rmse"].value == pytest.approx(reference.root_mean_squared_error(60 * one, 60 * other))


def test_the_clustered_interval_covers_what_days_resampled_say(month):
    label, score, _, day = month
    chance = np.random.default_rng(1)
    resampled = []
    for _ in range(300):
        rows = np.concatenate([np.flatnonzero(day == one) for one in chance.integers(0, 30, 30)])
        resampled.append(reference.roc_auc_score(label[rows], score[rows]))
    low, high = np.quantile(resampled, [0.025, 0.975])
    found = measure("auc", label, score, day)
    assert found.high - found.low == pytest.approx(high - low, rel=0.2)


def test_rows_of_one_day_are_not_independent(month):
    label, score, _, day = month
    clustered, alone = measure("brier", label, score, day), measure("brier", label, score, np.arange(len(label)))
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > alone.high - alone.low


def test_no_interval_is_claimed_from_one_day():
    assert measure("auc", LABEL, SCORE, np.repeat("a", 6)).low is None
    assert measure("mae", LABEL, SCORE, np.repeat("a", 6)).high is None


def test_the_interval_of_a_mean_over_two_days_by_hand():
    # Day sums of the deviations are -1 and 1, so u is -0.5 and 0.5; t(0.975, 1) is 12.7062.
    found = measure("mae", np.zeros(2), np.array([1.0, 3.0]), np.array([0, 1]))
    assert found.value == 2
    assert found.high - 2 == pytest.approx(12.7062047 * np.sqrt(2 * (0.5**2 + 0.5**2)))


def test_the_rmse_interval_never_falls_below_zero():
    found = measure("rmse", np.zeros(4), np.array([0.0, 0.0, 0.0, 9.0]), np.arange(4))
    assert found.low == 0 and found.high > found.value


def test_placements_average_to_the_auc_on_both_sides(month):
    label, score, _, _ = month
    value, above, below = placements(label, score)
    assert above.mean() == pytest.approx(value) == pytest.approx(below.mean())


def test_a_perfectly_calibrated_score_has_no_calibration_error():
    label = np.array([1.0] * 2 + [0.0] * 8)
    assert expected_calibration_error(label, np.full(10, 0.2)) == pytest.approx(
        sum(abs(one - 0.2) for one in label) / 10
    ), "ten bins of one row each"
    many = np.tile(label, 10)
    assert expected_calibration_error(many, np.full(100, 0.2)) == pytest.approx(0, abs=1e-12)


def test_calibration_bins_are_equally_filled_and_cover_all_rows(month):
    label, score, _, _ = month
    bins = calibration(label, score)
    assert [share for *_, share in bins] == pytest.approx([0.1] * 10)
    assert sum(observed * share for _, observed, share in bins) == pytest.approx(label.mean())


def test_fewer_rows_than_bins_are_no_error():
    assert expected_calibration_error(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0
