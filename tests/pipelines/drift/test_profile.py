import array_api_strict
import numpy as np
import pytest

from pipelines.drift.bins import CategoryBins, NumberBins
from pipelines.drift.profile import Days, number_column, profile_rows
from tests.pipelines.drift import days
from tests.pipelines.gpu import cupy_or_skip


@pytest.fixture(params=["numpy", "array_api_strict", "cupy"])
def xp(request):
    if request.param == "cupy":
        return cupy_or_skip("a profile on a GPU is not tried")
    return {"numpy": np, "array_api_strict": array_api_strict}[request.param]


def test_a_day_is_counted_by_hand(xp):
    bins = NumberBins(np.array([0.0, 1.0, np.nextafter(2.0, 3.0)]), low=-1.0, center=1.0, high=3.0)
    values = [-np.inf, -0.5, 0.0, 0.5, 1.0, 2.0, 2.5, 9.0, np.inf, np.nan]
    found = number_column(xp.asarray(values), bins, Days.of(np.repeat("2013-03-01", 10)))
    assert found.counts.tolist() == [[2, 2, 2, 3, 1]]
    assert found.known.tolist() == [7]
    # About 1, and 9 counts as 3: -1.5 - 1 - 0.5 + 0 + 1 + 1.5 + 2.
    assert found.sums.tolist() == [1.5]
    assert found.squares.tolist() == [1.5**2 + 1 + 0.25 + 0 + 1 + 1.5**2 + 4]


def test_rows_in_any_order_are_counted_on_their_own_day(xp):
    chance = np.random.default_rng(1)
    values, day = chance.normal(size=300), np.repeat([f"2013-03-0{day}" for day in (1, 2, 3)], 100)
    order, bins = chance.permutation(300), NumberBins.of(values)
    straight = number_column(xp.asarray(values), bins, Days.of(day))
    mixed = number_column(xp.asarray(values[order]), bins, Days.of(day[order]))
    assert straight.counts.tolist() == mixed.counts.tolist()
    assert straight.sums == pytest.approx(mixed.sums) and straight.squares == pytest.approx(mixed.squares)
    assert straight.spread() == pytest.approx(values.std())


def test_bins_are_deciles_with_the_ends_of_the_range(xp):
    bins = NumberBins.of(xp.asarray([*np.arange(101.0), np.nan, np.inf, -np.inf]))
    assert bins.edges == pytest.approx(np.arange(0, 101, 10)) and bins.edges[-1] > 100
    assert (bins.low, bins.center, bins.high) == pytest.approx((-99.7, 50, 199.7))
    assert bins.outside.tolist() == [True, *[False] * 10, True, False]


def test_a_column_without_numbers_has_a_bin_for_any_and_one_for_nulls():
    bins = NumberBins.of(np.array([np.nan, np.inf]))
    found = number_column(np.array([1.0, np.nan]), bins, Days.of(np.repeat("2013-03-01", 2)))
    assert found.counts.tolist() == [[1, 1]] and bins.outside.tolist() == [True, False]


def test_rare_and_unseen_categories_have_a_bin_each():
    reference = days.rows({"carrier": np.array(["AA"] * 995 + ["R1", "R2", None, None, None], dtype=object)})
    bins = CategoryBins.of(reference.features["carrier"])
    window = days.rows({"carrier": np.array(["AA", "R2", "ZZ", "ZZ", None], dtype=object)})
    assert profile_rows(window, {"carrier": bins}, "cpu").columns["carrier"].counts.tolist() == [[1, 1, 2, 1]]


def test_a_column_that_the_rows_lack_is_left_out():
    window = days.rows({"other": np.arange(3.0)})
    assert profile_rows(window, {"delay": NumberBins.of(np.arange(3.0))}, "cpu").columns == {}
