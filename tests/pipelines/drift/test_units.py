import numpy as np
import pytest

from pipelines.drift.units import KNOWN, unit_change

# A week of hourly readings in steps of a tenth, from the freezing point to a warm day.
WEEK = np.round(np.random.default_rng(1).normal(55, 9, 700), 1)
GUSTS = np.round(np.random.default_rng(2).gamma(4, 3, 700)) * 1.15078
HOURS = np.random.default_rng(3).integers(5, 24, 700).astype("float64")


@pytest.mark.parametrize(
    ("before", "current", "unit", "change"),
    [
        (WEEK, (WEEK - 32) / 1.8, "°F", "as if °C were °F"),
        ((WEEK - 32) / 1.8, WEEK, "°C", "as if °F were °C"),
        (GUSTS, GUSTS * 0.44704, "mph", "as if m/s were mph"),
        (GUSTS, GUSTS * 1.609344, "mph", "as if km/h were mph"),
        (GUSTS, GUSTS * 0.868976, "mph", "as if kn were mph"),
        (WEEK * 40, WEEK * 40 * 1.609344, "mi", "as if km were mi"),
        (WEEK + 960, (WEEK + 960) / 33.86389, "mbar", "as if inHg were mbar"),
        (WEEK, WEEK / 100, "%", "as if share were %"),
        (WEEK, WEEK * 1000, "°", "1000 times as large"),
        (WEEK, WEEK / 10, None, "10 times as small"),
        (HOURS, (HOURS + 5) % 24, "hour", "the clock 5 h ahead"),
        (HOURS, (HOURS - 4) % 24, "hour", "the clock 4 h behind"),
    ],
)
def test_a_conversion_that_brings_the_values_back_is_named(before, current, unit, change):
    assert unit_change(before, current, unit) == change


@pytest.mark.parametrize("weather", [0.0, 4.0, -9.0, 18.0])
def test_a_warmer_or_a_colder_week_is_no_change_of_unit(weather):
    next_week = np.round(np.random.default_rng(4).normal(55 + weather, 9, 700), 1)
    assert unit_change(WEEK, next_week, "°F") is None


@pytest.mark.parametrize("stormy", [0.6, 1.6])
def test_a_stormy_week_on_the_instruments_steps_is_none_however_near_a_factor_is(stormy):
    next_week = np.round(GUSTS / 1.15078 * stormy) * 1.15078
    assert unit_change(GUSTS, next_week, "mph") is None


def test_dry_hours_tell_nothing_of_a_unit():
    rain = np.concatenate([np.zeros(650), np.round(np.random.default_rng(5).gamma(2, 4, 50)) / 100 + 0.01])
    assert unit_change(rain, np.zeros(700), "in") is None
    assert unit_change(rain, rain * 25.4, "in") == "as if mm were in"


def test_a_placeholder_among_the_values_is_no_unit():
    assert unit_change(GUSTS, np.where(np.arange(700) % 2, 9999.0, GUSTS), "mph") is None


def test_delays_that_grew_tenfold_in_one_bad_week_are_no_unit():
    calm, storms = (np.random.default_rng(6).normal(mean, 4, 700) for mean in (2, 20))
    assert unit_change(calm, storms, "min") is None


@pytest.mark.parametrize("values", [np.full(700, 3.0), np.full(700, np.nan), WEEK[:20], np.empty(0)])
def test_what_cannot_be_compared_is_none(values):
    assert unit_change(values, values * 10, None) is None
    assert unit_change(WEEK, values[:0], "°F") is None


def test_nulls_and_infinities_do_not_count():
    current = np.concatenate([(WEEK - 32) / 1.8, [np.nan, np.inf, -np.inf]])
    assert unit_change(WEEK, current, "°F") == "as if °C were °F"


@pytest.mark.parametrize("conversion", KNOWN, ids=str)
def test_undoing_a_conversion_gives_the_number_back(conversion):
    there = WEEK * conversion.factor + conversion.offset
    np.testing.assert_allclose(conversion.undone(there), WEEK)
    np.testing.assert_allclose(conversion.inverse().undone(WEEK), there)
