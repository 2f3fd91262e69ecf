import numpy as np
import pytest

from pipelines.drift.bins import CategoryBins, NumberBins
from pipelines.drift.distances import psi
from pipelines.drift.profile import profile_rows
from tests.pipelines.drift import days

STEPS = np.arange(100.0)
NOTHING = np.full(10, np.nan)


def index(reference: np.ndarray, window: np.ndarray) -> float:
    """The PSI of one column, as the monitor computes it: by bins of the reference and counts."""
    sides = [days.rows({"column": side}) for side in (reference, window)]
    column = sides[0].features["column"]
    bins = CategoryBins.of(column) if column.dtype == object else NumberBins.of(reference)
    counts = [profile_rows(side, {"column": bins}, "cpu").columns["column"].counts.sum(axis=0) for side in sides]
    return float(psi(bins, *counts))


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def numbers(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_a_window_does_not_drift_from_itself():
    assert index(STEPS, STEPS) == pytest.approx(0)
    assert index(texts(*"aabbc"), texts(*"aabbc")) == pytest.approx(0)


@pytest.mark.parametrize(
    ("reference", "window"),
    [
        (numbers(*[1] * 50, *[2] * 50), numbers(*[1] * 80, *[2] * 20)),
        (texts(*"a" * 50, *"b" * 50), texts(*"a" * 80, *"b" * 20)),
    ],
    ids=["numbers", "categories"],
)
def test_two_bins_by_hand(reference, window):
    """Shares 50:50 against 80:20."""
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert index(reference, window) == pytest.approx(expected)


def test_deciles_by_numpy():
    chance = np.random.default_rng(2)
    reference, window = chance.normal(size=2000), chance.normal(0.3, 1.2, 1000)
    edges = [-np.inf, *np.quantile(reference, np.linspace(0.1, 0.9, 9)), np.inf]
    before, now = (np.histogram(side, edges)[0] / len(side) for side in (reference, window))
    assert index(reference, window) == pytest.approx(((now - before) * np.log(now / before)).sum(), rel=1e-3)


def test_random_halves_of_one_population_do_not_drift():
    values = np.random.default_rng(3).normal(size=20_000)
    assert index(values[:10_000], values[10_000:]) < 0.01


def test_a_shifted_population_drifts():
    chance = np.random.default_rng(3)
    assert index(chance.normal(size=9000), chance.normal(1, 1, 9000)) > 0.5


def test_nulls_have_a_bin_of_their_own():
    holes = np.where(STEPS % 5 >= 2, STEPS, np.nan)
    assert index(STEPS, holes) > 0.2
    assert index(holes, holes) == pytest.approx(0)


def test_categories_rare_in_the_reference_share_one_bin():
    reference, window = [*["AA"] * 990, *(f"R{n}" for n in range(10))], [*["AA"] * 990, *["R0"] * 10]
    assert index(texts(*reference), texts(*window)) == pytest.approx(0, abs=1e-9)


def test_a_category_never_seen_drifts():
    assert index(texts(*["AA"] * 100), texts(*["AA"] * 70, *["ZZ"] * 30)) > 0.2


def test_columns_of_nulls_are_compared_too():
    assert index(NOTHING, NOTHING) == pytest.approx(0)
    assert index(NOTHING, STEPS) > 0.2
    assert index(STEPS, NOTHING) > 0.2


def test_a_constant_column_is_no_error():
    assert index(numbers(1, 1, 1), numbers(1, 1)) == pytest.approx(0)
