"""The CPU and every other namespace agree on the same rows: array-api-strict everywhere, CuPy where there is a GPU.

Needs NumPy, pandas, SciPy, pydantic and array-api-strict alone, so that it runs on a bare machine with a GPU.
"""

import array_api_strict
import numpy as np
import pytest

from pipelines.array import to_numpy
from pipelines.drift.bins import NumberBins
from pipelines.gates.comparison import compare, resampled, resamples
from pipelines.gates.reliability import reliability_of
from pipelines.metrics import calibration, measure_all, measure_mean, placements
from pipelines.spec_words import METRICS_OF
from tests.pipelines.gpu import cupy_or_skip

# Relative to the larger of two numbers. A sum of n floats in another order moves by some sqrt(n) roundings of 1e-16.
SUMS = 1e-12
# A standard error is of differences that nearly cancel: the same roundings weigh more.
ERRORS = 1e-9
CLASSIFICATION, REGRESSION = METRICS_OF["classification"], METRICS_OF["regression"]


def strict():
    return array_api_strict


def cupy():
    return cupy_or_skip("CPU and GPU are not compared")


@pytest.fixture(params=[strict, cupy], ids=["array_api_strict", "cupy"])
def xp(request):
    return request.param()


@pytest.fixture(scope="module")
def month():
    """Labels, two scores with ties and named days: 4,000 rows of 31 days, in an order that mixes the days."""
    chance = np.random.default_rng(5)
    day = chance.integers(0, 31, 4000)
    risk = chance.normal(size=31)[day] + chance.normal(size=4000)
    label = (risk + chance.normal(size=4000) > 0.8).astype(float)
    one, other = (np.round(1 / (1 + np.exp(-risk - noise)), 3) for noise in chance.normal(size=(2, 4000)))
    return label, one, other, np.array([f"2013-03-{of + 1:02}" for of in day], dtype=object)


def numbers(measured):
    return {name: (one.value, one.low, one.high) for name, one in measured.items()}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_metrics_and_their_intervals_agree(xp, month, task):
    label, one, _, day = month
    expected = numbers(measure_all(task, label, one, day))
    found = numbers(measure_all(task, xp.asarray(label), xp.asarray(one), day))
    for metric, values in expected.items():
        for number, same in zip(found[metric], values, strict=True):
            assert number == (same if same is None else pytest.approx(same, rel=ERRORS)), metric
        assert found[metric][0] == pytest.approx(values[0], rel=SUMS), metric


def test_scores_of_single_precision_agree(xp, month):
    label, one, _, day = month
    expected = numbers(measure_all("classification", label, one.astype("float32"), day))
    found = measure_all("classification", xp.asarray(label), xp.asarray(one.astype("float32")), day)
    for metric, values in expected.items():
        # Their logarithms and their means are of single precision, too.
        assert found[metric].value == pytest.approx(values[0], rel=1e-5), metric


def test_placements_and_bins_are_the_same_rows(xp, month):
    label, one, _, _ = month
    expected = placements(label, one)
    found = placements(xp.asarray(label), xp.asarray(one))
    assert [to_numpy(side).tolist() for side in found[1:]] == [side.tolist() for side in expected[1:]]
    bins = calibration(xp.asarray(label), xp.asarray(one))
    assert np.array(bins) == pytest.approx(np.array(calibration(label, one)), rel=SUMS)


@pytest.mark.parametrize("metric", [*CLASSIFICATION, *REGRESSION])
def test_comparisons_agree(xp, month, metric):
    label, one, other, day = month
    expected = compare(metric, label, one, other, day)
    found = compare(metric, *(xp.asarray(values) for values in (label, one, other)), day)
    assert (found.gain, found.error) == pytest.approx((expected.gain, expected.error), rel=ERRORS, abs=SUMS)
    assert (found.days, found.rows) == (expected.days, expected.rows)


def test_equal_scores_gain_exactly_nothing(xp, month):
    label, one, _, day = month
    for metric in (*CLASSIFICATION, *REGRESSION):
        found = compare(metric, xp.asarray(label), xp.asarray(one), xp.asarray(one), day)
        assert (found.gain, found.error) == (0, 0), metric


def test_a_resample_without_positives_has_no_precision(xp):
    label, score = xp.asarray([1.0, 0.0, 0.0]), xp.asarray([0.9, 0.1, 0.2])
    found = to_numpy(resampled("pr_auc", label, score, xp.asarray([0, 0, 1]), np.array([[1, 1], [0, 2]])))
    assert found[0] == 1 and np.isnan(found[1])


def test_reliability_agrees(xp, month):
    label, one, _, day = month
    expected, found = reliability_of(label, one, day), reliability_of(xp.asarray(label), xp.asarray(one), day)
    assert (found.ece.value, found.ece.low, found.ece.high) == pytest.approx(
        (expected.ece.value, expected.ece.low, expected.ece.high), rel=ERRORS
    )
    for part in ("brier", "reliability", "resolution", "uncertainty", "within_bins"):
        assert getattr(found, part) == pytest.approx(getattr(expected, part), rel=ERRORS), part


def test_means_over_days_agree(xp, month):
    _, one, other, day = month
    expected, found = measure_mean(one - other, day), measure_mean(xp.asarray(one - other), day)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high), rel=ERRORS
    )


def test_the_bins_of_drift_agree(xp, month):
    _, one, other, _ = month
    holes = np.where(np.arange(4000) % 7 == 0, np.nan, 0.9 * other)
    for reference in (one, holes, np.full(4000, np.nan)):
        expected, found = NumberBins.of(reference), NumberBins.of(xp.asarray(reference))
        assert found.edges.tolist() == expected.edges.tolist()
        assert (found.low, found.center, found.high) == (expected.low, expected.center, expected.high)


def test_a_gpu_gives_the_same_bits_again():
    xp, chance = cupy(), np.random.default_rng(8)
    day = chance.integers(0, 92, 200_000)
    label = xp.asarray((chance.random(len(day)) < 0.2).astype(float))
    one, other = (xp.asarray(values) for values in chance.random((2, len(day))))
    for metric in (*CLASSIFICATION, *REGRESSION):
        first = compare(metric, label, one, other, day)
        assert all(compare(metric, label, one, other, day) == first for _ in range(3)), metric


def test_the_host_decides_which_days_are_drawn():
    times = resamples(31)
    assert times.shape == (500, 31) and (times.sum(axis=1) == 31).all()
    assert times.tolist() == resamples(31).tolist()
