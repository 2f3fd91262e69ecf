import numpy as np
import pandas as pd
import pytest

from pipelines.drift.bins import CategoryBins, NumberBins
from pipelines.drift.novelty import extremes, rare_categories
from pipelines.drift.resampling import null_windows, run_days, widening, window_size
from pipelines.drift.tails import LEAST_JUMP_SCALE, DistanceTail, JumpTail, ShiftTail, StandstillTail


def test_a_null_window_has_as_many_days_as_asked_in_runs():
    drawn = null_windows(91, 30, 7, 200, np.random.default_rng(1))
    assert drawn.shape == (200, 91) and set(drawn.sum(axis=1)) == {30}
    # 30 days of 7 in a run: at most five runs and what the ends cut.
    assert np.diff(drawn.astype(int), axis=1).clip(0).sum(axis=1).max() <= 7
    assert drawn.mean(axis=0) == pytest.approx(np.full(91, 30 / 91), abs=0.15)


def test_few_days_are_drawn_in_shorter_runs():
    assert [run_days(days, 10) for days in (365, 91, 30, 5)] == [7, 7, 3, 1]
    assert run_days(30, 4) == 7


def test_a_window_is_at_most_half_of_the_days():
    assert [window_size(days, 30.4) for days in (91, 30)] == [30, 15]
    assert window_size(91, 1 / 24) == 1


def test_a_drawn_window_differs_more_than_a_real_one():
    assert widening(91, 30, 30) == pytest.approx(np.sqrt((1 / 30 + 1 / 91) / (1 / 30 + 1 / 61)))
    assert widening(30, 15, 30) == pytest.approx(np.sqrt(0.5))


def test_rows_beyond_the_range_of_all_other_days():
    values, day = np.arange(100.0), np.arange(100) % 2
    day[[97, 98, 99]], day[[0, 1]] = 2, 0
    found = extremes(values, NumberBins.of(values), day)
    inside = np.array([[False, False, True], [True, False, False], [True, False, True], [False, True, False]])
    # 97 to 99 are of day 2 alone; day 1 has 3 to 95, so that with day 0 also 96 and 0 to 2 are beyond it.
    assert found.rows(inside).tolist() == [3, 3, 7, 0]


def test_rows_of_categories_that_no_other_day_has():
    carrier, day = np.array(["AA"] * 1000 + ["R1", "R1", "R2", "R2"]), np.repeat([0, 1, 2], [400, 300, 304])
    day[1000:] = [1, 1, 1, 2]
    column = pd.Series(carrier)
    found = rare_categories(column, CategoryBins.of(column), day, 3)
    inside = np.array([[True, False, False], [False, True, False], [False, True, True]])
    assert found.rows(inside).tolist() == [0, 2, 4]


def test_of_many_rare_categories_each_stands_for_several():
    column, day = pd.Series(np.arange(5000).astype(str)), np.arange(5000) % 10
    found = rare_categories(column, CategoryBins.of(column), day, 10)
    assert len(found.counts) <= 2000
    # Each category is on one day: every row of a window is new.
    assert found.rows(np.arange(10)[None] < 5) == pytest.approx([2500], rel=0.05)


def test_a_shift_is_students_beyond_what_was_drawn():
    tail = ShiftTail.of(np.random.default_rng(1).normal(0, 2, 100_000), runs=5)
    assert tail.chances(np.array([0.0, 4.0])) == pytest.approx([0.5, 0.0228], abs=0.01)
    # 2.776 is the 97.5 % quantile of Student's t with 4 degrees of freedom.
    assert tail.bound(0.025) == pytest.approx(2 * 2.776, rel=0.02)


def test_a_share_up_to_the_floor_is_never_beyond():
    tail = ShiftTail.of(np.array([0.0, 0.0, 0.001]), runs=13, floor=0.03)
    assert tail.bound(0.01) == 0.03 and tail.chances(np.array([0.02])).tolist() == [1]
    assert ShiftTail.of(np.zeros(9), runs=13, floor=0.03).bound(0.001) == 0.03


def test_a_distance_is_an_f_beyond_what_was_drawn():
    tail = DistanceTail.of(np.random.default_rng(1).chisquare(3, 200_000) * 0.01, runs=11)
    assert tail.freedom == pytest.approx(3, rel=0.05)
    # 3.708 is the 95 % quantile of F with 3 and 10 degrees of freedom.
    assert tail.bound(0.05) == pytest.approx(0.03 * 3.708, rel=0.02)


def test_jumps_thin_out_exponentially():
    tail = JumpTail.of(np.random.default_rng(1).exponential(0.5, 200_000))
    assert tail.bound(0.001) == pytest.approx(0.5 * np.log(1000), rel=0.02)
    assert JumpTail.of(np.zeros(100)).bound(0.01) == pytest.approx(LEAST_JUMP_SCALE * np.log(10))


def test_standstills_are_a_race_of_the_quietest_days():
    # Equal spans: each is the quieter one with probability 1/2; a third of the window's days wins one of four.
    assert StandstillTail(30, 30).bound(0.5) == pytest.approx(0)
    assert StandstillTail(90, 30).bound(0.25) == pytest.approx(0)
    assert StandstillTail(90, 30).bound(0.001) == pytest.approx(1 - (0.001 / 0.999 * 3) ** 0.25)
