"""The best sequence of models, by hand-written qualities."""

from itertools import pairwise, product

import numpy as np
import pytest

from pipelines.backtest.oracle import best_sequence

# Rows: fits; columns: windows.
FRESH_IS_BETTER = {(0, 0): 0.70, (0, 1): 0.60, (0, 2): 0.50, (1, 1): 0.70, (1, 2): 0.65, (2, 2): 0.70}


def total(quality, served, price=0.0):
    changes = sum(one != other for one, other in pairwise(served))
    return sum(quality[fit, window] for window, fit in enumerate(served)) - price * changes


def test_each_window_has_its_fresh_model_when_a_retraining_is_free():
    assert best_sequence(FRESH_IS_BETTER, 3) == (0, 1, 2)


def test_a_price_above_the_gain_keeps_the_model():
    assert best_sequence(FRESH_IS_BETTER, 3, price=0.06) == (0, 1, 1)
    assert best_sequence(FRESH_IS_BETTER, 3, price=0.30) == (0, 0, 0)


def test_of_equal_qualities_the_fewest_retrainings_are_taken():
    alike = {(fit, window): 0.7 for window in range(4) for fit in range(window + 1)}
    assert best_sequence(alike, 4) == (0, 0, 0, 0)


def test_a_fresh_model_that_is_worse_is_left_out():
    worse = FRESH_IS_BETTER | {(1, 1): 0.55, (1, 2): 0.40}
    assert best_sequence(worse, 3) == (0, 0, 2)


@pytest.mark.parametrize("price", [0.0, 0.01, 0.05])
def test_no_other_sequence_is_worth_more(price):
    chance, windows = np.random.default_rng(5), 5
    quality = {(fit, window): chance.normal(0.7, 0.02) for window in range(windows) for fit in range(window + 1)}
    possible = [
        served
        for served in product(range(windows), repeat=windows)
        if served[0] == 0 and all(then in (now, at + 1) for at, (now, then) in enumerate(pairwise(served)))
    ]
    found = best_sequence(quality, windows, price)
    assert found in possible
    assert total(quality, found, price) == pytest.approx(max(total(quality, one, price) for one in possible))
