import numpy as np
import pytest
from scipy.stats import norm, rankdata
from scipy.stats import t as students_t
from sklearn import metrics as reference

from pipelines.gates.comparison import Comparison, Incomparable, better, compare, not_worse, resampled, spent
from pipelines.metrics import expected_calibration_error, measure_mean, row_losses


def simulated(chance, days=30, a_day=30):
    """Labels, two scores and days: both models err alike on the whole, but each has its better and worse days."""
    day = np.repeat(np.arange(days), a_day)
    risk = chance.normal(size=days * a_day)
    label = (risk + chance.normal(size=len(day)) > 0.8).astype(float)
    skill = 0.6 * chance.normal(size=(2, days))[:, day]
    scores = (1 + skill) * risk + chance.normal(size=(2, len(day)))
    one, other = np.round(1 / (1 + np.exp(-scores)), 3)
    return label, one, other, day


@pytest.fixture(scope="module")
def month():
    return simulated(np.random.default_rng(5))


def reference_difference(y, challenger, champion, day):
    """The paired difference of two AUCs and its day-clustered standard error, written down independently."""

    def parts(y, p):
        a, b = p[y == 1], p[y == 0]
        m, n = len(a), len(b)
        r = rankdata(np.r_[a, b])
        v = (r[:m] - rankdata(a)) / n
        return v.mean(), v, 1 - (r[m:] - rankdata(b)) / m

    groups = day.max() + 1
    (first, a1, a0), (second, b1, b0) = parts(y, challenger), parts(y, champion)
    gap, e1, e0 = first - second, a1 - b1, a0 - b0
    u = np.bincount(day[y == 1], e1 - gap, groups) / len(e1) + np.bincount(day[y == 0], e0 - gap, groups) / len(e0)
    return gap, np.sqrt(groups / (groups - 1) * (u**2).sum())


def test_the_gain_in_auc_has_the_clustered_error_of_delong(month):
    label, one, other, day = month
    gap, error = reference_difference(label, one, other, day)
    found = compare("auc", label, one, other, day)
    assert (found.gain, found.error) == pytest.approx((gap, error))
    assert (found.days, found.rows) == (30, 900)
    half = students_t.ppf(0.95, 29) * error
    assert found.bounds(0.05) == pytest.approx((gap - half, gap + half))


def test_the_names_of_days_and_the_order_of_rows_change_nothing(month):
    label, one, other, day = month
    mixed = np.random.default_rng(2).permutation(len(day))
    named = np.array([f"2013-03-{of + 1:02}" for of in day])
    for metric in ("auc", "brier", "rmse"):
        found = compare(metric, label[mixed], one[mixed], other[mixed], day[mixed])
        again = compare(metric, label, one, other, named)
        assert found.gain == pytest.approx(again.gain)
        # Days are drawn by their position: in another order the draws fall on others.
        assert found.error == pytest.approx(again.error, rel=0.15)


@pytest.mark.parametrize("metric", ["brier", "log_loss", "mae", "pinball_10", "pinball_90"])
def test_resampled_days_agree_with_the_closed_form_of_a_mean(month, metric):
    label, one, other, day = month
    gaps = row_losses(metric, label, other) - row_losses(metric, label, one)
    exact = measure_mean(gaps, day)
    found = compare(metric, label, one, other, day)
    assert found.gain == pytest.approx(exact.value)
    low, high = found.bounds(0.025)
    assert high - low == pytest.approx(exact.high - exact.low, rel=0.1)


def test_resampled_days_agree_with_the_closed_form_of_rmse(month):
    label, one, other, day = month
    found = compare("rmse", label, one, other, day)
    # First-order (delta method): the square root's slope is 1 / (2 rmse).
    slopes = [1 / (2 * np.sqrt(np.mean((label - score) ** 2))) for score in (other, one)]
    linear = measure_mean(slopes[0] * (label - other) ** 2 - slopes[1] * (label - one) ** 2, day)
    low, high = found.bounds(0.025)
    assert high - low == pytest.approx(linear.high - linear.low, rel=0.1)


def whole(metric, label, score):
    if metric == "pr_auc":
        return reference.average_precision_score(label, score)
    if metric == "ece":
        return expected_calibration_error(label, score)
    return reference.root_mean_squared_error(label, score)


@pytest.mark.parametrize("metric", ["pr_auc", "ece", "rmse"])
def test_a_resample_is_the_metric_of_the_rows_that_it_draws(month, metric):
    label, one, _, day = month
    # ECE's bins are filled in the order of the score: without ties, that order has no choice.
    score = one + np.random.default_rng(3).uniform(0, 1e-6, len(one))
    times = np.random.default_rng(4).multinomial(30, np.full(30, 1 / 30), 4)
    drawn = [np.repeat(np.arange(len(day)), of_day[day]) for of_day in times]
    expected = [whole(metric, label[rows], score[rows]) for rows in drawn]
    assert resampled(metric, label, score, day, times) == pytest.approx(expected)


def test_a_resample_ranks_ties_as_one(month):
    label, one, _, day = month
    score, once = np.round(one, 1), np.ones((1, 30), int)
    assert resampled("pr_auc", label, score, day, once)[0] == pytest.approx(whole("pr_auc", label, score))


def test_a_resample_without_positives_has_no_precision():
    label, score, day = np.array([1.0, 0.0, 0.0]), np.array([0.9, 0.1, 0.2]), np.array([0, 0, 1])
    found = resampled("pr_auc", label, score, day, np.array([[1, 1], [0, 2]]))
    assert found[0] == 1 and np.isnan(found[1])


def test_the_bound_is_wrong_as_often_as_it_says():
    # Both models are equal by construction, so a lower bound above 0 is an error; 400 tries, alpha .05.
    chance = np.random.default_rng(11)
    wrong = {"by day": 0, "by row": 0, "brier": 0}
    for _ in range(400):
        label, one, other, day = simulated(chance)
        wrong["by day"] += compare("auc", label, one, other, day).bounds(0.05)[0] > 0
        wrong["by row"] += compare("auc", label, one, other, np.arange(len(day))).bounds(0.05)[0] > 0
        wrong["brier"] += compare("brier", label, one, other, day).bounds(0.05)[0] > 0
    # Three standard deviations of a binomial share around .05: .017 to .083.
    assert 0.017 < wrong["by day"] / 400 < 0.083
    assert 0.017 < wrong["brier"] / 400 < 0.083
    assert wrong["by row"] > 1.5 * wrong["by day"], "rows of a day are not independent"


def test_the_smallest_detectable_margin_is_kept_by_an_equal_model_as_often_as_asked():
    error, days = 0.004, 5000
    margin = Comparison(0.0, error, days, 10**6).smallest_detectable(0.05, 0.8)
    assert margin == pytest.approx((1.645 + 0.842) * error, rel=1e-3)
    gains = norm.ppf((np.arange(1000) + 0.5) / 1000) * error
    passed = [not_worse(Comparison(gain, error, days, 10**6), margin, 0.05, 0.8) == "pass" for gain in gains]
    assert np.mean(passed) == pytest.approx(0.8, abs=0.002)


@pytest.mark.parametrize(
    ("gain", "error", "verdict"),
    [
        (0.0, 0.001, "pass"),
        (-0.008, 0.0005, "pass"),
        (-0.010, 0.001, "fail"),
        (-0.009, 0.002, "fail"),
        (0.0, 0.010, "cannot_tell"),
        (-0.012, 0.010, "cannot_tell"),
        (-0.040, 0.010, "fail"),
        (0.040, 0.010, "pass"),
        (0.0, 0.0, "pass"),
    ],
)
def test_not_worse_by_a_margin_of_one_hundredth(gain, error, verdict):
    assert not_worse(Comparison(gain, error, 90, 80_000), 0.01, 0.05, 0.8) == verdict


@pytest.mark.parametrize(
    ("gain", "error", "verdict"),
    [(0.01, 0.001, "pass"), (0.01, 0.01, "cannot_tell"), (-0.01, 0.001, "fail"), (0.0, 0.0, "fail")],
)
def test_better_by_more_than_nothing(gain, error, verdict):
    assert better(Comparison(gain, error, 90, 80_000), 0.0, 0.05) == verdict


def test_the_shares_of_all_attempts_add_up_to_alpha():
    shares = [spent(0.05, attempt) for attempt in range(1, 20_001)]
    assert sum(shares) == pytest.approx(0.05, rel=1e-4) and sum(shares) < 0.05
    assert shares == sorted(shares, reverse=True) and shares[0] == 0.025


@pytest.mark.parametrize("metric", ["auc", "pr_auc", "brier", "log_loss", "ece", "mae", "rmse", "pinball_50"])
def test_equal_scores_gain_exactly_nothing(month, metric):
    label, one, _, day = month
    found = compare(metric, label, one, one.copy(), day)
    assert (found.gain, found.error, found.smallest_detectable(0.05, 0.8)) == (0, 0, 0)
    assert not_worse(found, 1e-9, 0.05, 0.8) == "pass"


@pytest.mark.parametrize("metric", ["auc", "pr_auc", "brier", "log_loss", "mae", "rmse", "pinball_50"])
def test_nearer_to_the_truth_is_a_gain_whichever_direction_is_better(month, metric):
    label, one, _, day = month
    found = compare(metric, label, (one + label) / 2, one, day)
    assert found.gain > 0 and found.bounds(0.05)[0] > 0


def test_what_cannot_be_compared_is_said():
    nothing, day = np.array([]), np.array([0, 0, 1])
    with pytest.raises(Incomparable, match="there is no row that both have scored"):
        compare("auc", nothing, nothing, nothing, nothing)
    with pytest.raises(Incomparable, match="all 3 labels are negative"):
        compare("brier", np.zeros(3), np.full(3, 0.1), np.full(3, 0.2), day)
    assert compare("mae", np.zeros(3), np.full(3, 0.1), np.full(3, 0.2), day).gain == pytest.approx(0.1)


def test_a_single_day_has_a_gain_but_no_bounds(month):
    label, one, other, day = month
    found = compare("brier", label, one, other, day * 0)
    assert found.error is None and found.gain == compare("brier", label, one, other, day).gain
    with pytest.raises(Incomparable, match="a single day has no interval"):
        found.bounds(0.05)
