import numpy as np
import pandas as pd
import pytest

from pipelines.drift.psi import population_stability_index
from pipelines.errors import EmptyWindow


def numbers(*values: float) -> pd.Series:
    return pd.Series(values, name="delay", dtype="float64")


STEPS = pd.Series(np.arange(100.0), name="delay")


def test_a_window_does_not_drift_from_itself():
    assert population_stability_index(STEPS, STEPS) == pytest.approx(0)
    assert population_stability_index(pd.Series(list("aabbc")), pd.Series(list("aabbc"))) == pytest.approx(0)


def test_two_bins_by_hand():
    # Shares 50:50 against 80:20: 0.3 ln(1.6) - 0.3 ln(0.4).
    reference, current = numbers(*[1] * 50, *[2] * 50), numbers(*[1] * 80, *[2] * 20)
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert population_stability_index(reference, current) == pytest.approx(expected)


def test_categories_by_hand():
    reference, current = pd.Series(["a"] * 50 + ["b"] * 50), pd.Series(["a"] * 80 + ["b"] * 20)
    expected = 0.3 * np.log(0.8 / 0.5) - 0.3 * np.log(0.2 / 0.5)
    assert population_stability_index(reference, current) == pytest.approx(expected)


def test_random_halves_of_one_population_do_not_drift():
    values = pd.Series(np.random.default_rng(3).normal(size=20_000))
    assert population_stability_index(values[:10_000], values[10_000:]) < 0.01


def test_a_shifted_population_drifts():
    chance = np.random.default_rng(3)
    assert population_stability_index(pd.Series(chance.normal(size=9000)), pd.Series(chance.normal(1, 1, 9000))) > 0.5


def test_nulls_have_a_bin_of_their_own():
    holes = STEPS.where(STEPS % 5 >= 2)
    assert population_stability_index(STEPS, holes) > 0.2
    assert population_stability_index(holes, holes) == pytest.approx(0)


def test_categories_rare_in_the_reference_share_one_bin():
    reference = pd.Series(["AA"] * 990 + [f"R{n}" for n in range(10)])
    current = pd.Series(["AA"] * 990 + ["R0"] * 10)
    assert population_stability_index(reference, current) == pytest.approx(0, abs=1e-9)


def test_a_category_never_seen_drifts():
    assert population_stability_index(pd.Series(["AA"] * 100), pd.Series(["AA"] * 70 + ["ZZ"] * 30)) > 0.2


def test_columns_of_nulls_are_compared_too():
    nothing = numbers(*[np.nan] * 10)
    assert population_stability_index(nothing, nothing) == pytest.approx(0)
    assert population_stability_index(nothing, STEPS) > 0.2
    assert population_stability_index(STEPS, nothing) > 0.2


def test_a_constant_column_is_no_error():
    assert population_stability_index(numbers(1, 1, 1), numbers(1, 1)) == pytest.approx(0)
    assert population_stability_index(numbers(1, 1, 1), numbers(0, 0)) > 0.2


@pytest.mark.parametrize("sides", [(STEPS, STEPS[:0]), (STEPS[:0], STEPS)])
def test_a_window_without_rows_is_refused(sides):
    with pytest.raises(EmptyWindow, match="drift of delay"):
        population_stability_index(*sides)
