import math

import numpy as np
import pytest

from pipelines.drift.gradual import BLOCK_DAYS, Move, move, rises

WINDOW_DAYS = 30
TEN_YEARS = 3652


def days_alike(seed: int, count: int, autocorrelation: float) -> np.ndarray:
    """Days about 0 with a spread of 1, each as near to the day before as weather is; (count,)."""
    generator = np.random.default_rng(seed)
    days = [generator.standard_normal()]
    for surprise in generator.standard_normal(count - 1) * math.sqrt(1 - autocorrelation**2):
        days.append(autocorrelation * days[-1] + surprise)
    return np.array(days)


def windows(days: np.ndarray, length: int = WINDOW_DAYS) -> list[list[float]]:
    return [days[at : at + length].tolist() for at in range(0, len(days), length)]


def begun(stands: list[bool]) -> int:
    return sum(now and not before for before, now in zip([False, *stands], stands, strict=False))


@pytest.mark.parametrize("autocorrelation", [0.0, 0.7])
def test_where_nothing_moves_a_series_finds_less_than_one_rise_in_ten_years(autocorrelation):
    found = [begun(rises(windows(days_alike(seed, TEN_YEARS, autocorrelation)), 3.0)) for seed in range(8)]
    assert sum(found) <= 8


def test_where_nothing_moves_skewed_days_find_less_than_one_rise_in_ten_years():
    found = [begun(rises(windows(np.exp(0.5 * days_alike(seed, TEN_YEARS, 0.7))), 3.0)) for seed in range(8)]
    assert sum(found) <= 8


def warming(growth: float, weeks_before: int, weeks: int) -> tuple[np.ndarray, float]:
    """A feature's daily mean, as of temperatures of 55 °F with a spread of 8, so many reference spreads above the
    reference; multiplied by `growth` a week from a week on."""
    mean = 55 + 8 * days_alike(3, 7 * (weeks_before + weeks), 0.6)
    since = np.maximum(0, np.arange(len(mean)) // 7 - weeks_before + 1)
    return (mean * growth**since - 55) / 18, 2.0


@pytest.mark.parametrize("length", [7, 14, 30])
def test_five_percent_a_week_is_found_while_no_window_is_beyond(length):
    """The worst week lies 1.8 spreads off, and 2 are worth knowing."""
    days, worth = warming(1.05, weeks_before=9, weeks=10)
    told = windows(days, length)
    stands = rises(told, worth)
    found = stands.index(True)
    assert (found + 1) * length > 9 * 7 and found * length < (9 + 8) * 7
    assert max(np.mean(one) for one in told[: found + 1]) < worth
    assert all(stands[found:])


def test_a_rise_stands_until_the_series_is_back():
    days = days_alike(5, 12 * WINDOW_DAYS, 0.3)
    days[3 * WINDOW_DAYS : 8 * WINDOW_DAYS] += 2.5
    stands = rises(windows(days), 3.0)
    assert stands == [False] * 3 + [True] * 5 + [False] * 4


def test_what_falls_is_no_rise():
    days = days_alike(5, 12 * WINDOW_DAYS, 0.3) - np.arange(12 * WINDOW_DAYS) / 10
    assert not any(rises(windows(days), 3.0))


def test_what_is_said_of_a_window_does_not_change_with_later_ones():
    days, worth = warming(1.05, weeks_before=9, weeks=20)
    whole = rises(windows(days), worth)
    assert any(whole) and not all(whole)
    for count in range(1, len(whole)):
        assert rises(windows(days)[:count], worth) == whole[:count]


def test_the_days_alone_count_and_not_how_they_are_cut():
    days, worth = warming(1.05, weeks_before=9, weeks=21)
    by_day = rises([[day] for day in days], worth)
    assert rises(windows(days), worth) == by_day[WINDOW_DAYS - 1 :: WINDOW_DAYS]


def test_days_that_are_no_numbers_and_windows_without_days_take_no_part():
    days, worth = warming(1.05, weeks_before=9, weeks=20)
    told = windows(days)
    stands = rises(told, worth)
    gaps = [[], *([math.nan, *one[:7], math.inf, *one[7:]] for one in told), []]
    assert rises(gaps, worth) == [False, *stands, stands[-1]]


@pytest.mark.parametrize("told", [[], [[]], [[0.1]], [[0.1] * (BLOCK_DAYS - 1)]], ids=str)
def test_too_few_days_tell_nothing(told):
    assert not any(rises(told, 0.2)) and move(told, first=0, beyond=True) is None


def test_days_all_alike_tell_nothing():
    assert not any(rises([[0.0] * 30, [0.0] * 30], 0.2))
    assert move([[0.7] * 30, [0.7] * 30], first=1, beyond=True) is None


def test_where_the_days_were_all_alike_what_is_worth_little_is_no_rise():
    """As of a share of nulls that was 0: a thousandth now and then is not yet a fiftieth of what is worth knowing."""
    assert not any(rises([[0.0] * 30, [0.0, 0.001] * 15], 0.1))
    assert rises([[0.0] * 30, [0.03] * 30], 0.1)[1]


def test_a_step_is_sudden_from_its_day_on():
    days = days_alike(2, 5 * WINDOW_DAYS, 0.5)
    days[3 * WINDOW_DAYS + 14 :] += 4
    assert move(windows(days)[:4], first=3, beyond=True) == Move("sudden", window=3, day=14)


def test_a_slope_is_gradual_from_about_its_day_on():
    days = days_alike(2, 6 * WINDOW_DAYS, 0.5)
    days[2 * WINDOW_DAYS :] += np.arange(4 * WINDOW_DAYS) / 14
    found = move(windows(days), first=4, beyond=True)
    assert found is not None and found.pattern == "gradual"
    assert abs(found.window * WINDOW_DAYS + found.day - 2 * WINDOW_DAYS) <= 7


def test_what_is_said_of_an_alarm_stays_the_same_while_it_stands():
    days = days_alike(2, 9 * WINDOW_DAYS, 0.5)
    days[3 * WINDOW_DAYS + 14 :] += 4
    days[5 * WINDOW_DAYS :] += np.arange(4 * WINDOW_DAYS) / 4
    for count in range(4, 9):
        assert move(windows(days)[:count], first=3, beyond=True) == Move("sudden", window=3, day=14)


def test_short_windows_take_four_weeks_to_say_how_it_came():
    days = days_alike(2, 120, 0.5)
    days[60:] += 4
    by_day = [[day] for day in days]
    assert move(by_day[: 60 + BLOCK_DAYS], first=60, beyond=True) == Move("sudden", window=60, day=0)
    assert move(by_day, first=60, beyond=True) == Move("sudden", window=60, day=0)


def test_what_only_adds_up_is_gradual_also_after_a_small_step():
    days = days_alike(2, 5 * WINDOW_DAYS, 0.5)
    days[3 * WINDOW_DAYS :] += 4
    found = move(windows(days), first=3, beyond=False)
    assert found is not None and found.pattern == "gradual"


def test_days_that_show_neither_a_step_nor_a_slope_do_not_say_how():
    assert move(windows(days_alike(2, 5 * WINDOW_DAYS, 0.5)), first=4, beyond=True) is None


def test_the_onset_counts_the_days_that_are_told():
    days = days_alike(2, 3 * WINDOW_DAYS, 0.5)
    days[2 * WINDOW_DAYS + 10 :] += 6
    gaps = [[], *([math.nan, *one] for one in windows(days))]
    assert move(gaps, first=3, beyond=True) == Move("sudden", window=3, day=10)
