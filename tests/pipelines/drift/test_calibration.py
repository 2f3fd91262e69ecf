from dataclasses import replace

import numpy as np
import pytest
from scipy.special import chdtri

from pipelines.drift.calibration import Thresholds, calibrate
from pipelines.drift.expected import shortfall_of
from pipelines.drift.inputs import ReferenceProfile, observe_inputs, profile_reference
from pipelines.drift.null_scores import metrics_of, null_promises, null_quality
from pipelines.drift.predictions import observe_predictions
from pipelines.drift.promises import observe_promises
from pipelines.drift.windows import HeldOut, Scored, Window
from pipelines.errors import EmptyWindow
from pipelines.features import Feature
from pipelines.metrics import placements, value_of
from pipelines.monitoring_spec import Monitoring
from pipelines.spec_words import HIGHER_IS_BETTER
from pipelines.training_set import Rows
from tests.pipelines.drift import days

DECLARED = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05, false_alarms="1 per year")
NONE_INFORMS: frozenset[str] = frozenset()
REFERENCE_DAYS, WINDOW_DAYS, WINDOWS, PER_DAY = 91, 30, 12, 20
NUMBERS = [f"number_{position}" for position in range(5)]
FEATURES = [
    *(Feature(name, "m", "a number that moves with the weather") for name in NUMBERS),
    Feature("carrier", "code", "a category", dtype="category"),
]


def spells(chance: np.random.Generator, count: int, memory: float = 0.5) -> np.ndarray:
    """What each day is like, (count,), of variance 1: it resembles the day before, as weather does."""
    found, fresh = np.empty(count), chance.normal(size=count) * np.sqrt(1 - memory**2)
    found[0] = chance.normal()
    for day in range(1, count):
        found[day] = memory * found[day - 1] + fresh[day]
    return found


def made_days(chance: np.random.Generator, count: int) -> tuple[Rows, np.ndarray]:
    """So many days on which nothing is wrong, and their scores."""
    rows = count * PER_DAY
    by_day = {name: np.repeat(spells(chance, count), PER_DAY) for name in (*NUMBERS, "nulls", "carriers", "late")}
    columns = {name: by_day[name] + chance.normal(0, 1.5, rows) for name in NUMBERS}
    columns[NUMBERS[0]][chance.random(rows) < 0.1 * np.exp(0.5 * by_day["nulls"])] = np.nan
    columns["carrier"] = np.where(chance.random(rows) < 0.5 + 0.1 * by_day["carriers"], "AA", "UA")
    score = 1 / (1 + np.exp(1 - 0.4 * by_day["late"] - chance.normal(0, 1, rows)))
    found = days.rows(columns, PER_DAY, first_day="2013-01-01")
    return replace(found, label=(chance.random(rows) < score).astype(float)), score


def between(rows: Rows, score: np.ndarray, first: int, last: int) -> Window:
    own = slice(first * PER_DAY, last * PER_DAY)
    inside = np.zeros(len(score), dtype=bool)
    inside[own] = True
    return Window("null", days.APRIL, days.APRIL.end, rows.where(inside), score[own], None)


def reference_of(seed: int, count: int = REFERENCE_DAYS) -> tuple[ReferenceProfile, HeldOut]:
    rows, score = made_days(np.random.default_rng(seed), count)
    held_out = between(rows, score, max(0, count - WINDOW_DAYS), count)
    profile = profile_reference(rows, FEATURES, "cpu")
    return profile, HeldOut(held_out.rows.label, held_out.scores, held_out.rows.day)


def alarms_of_year(seed: int) -> int:
    """How many of its windows have any series beyond its bound, if none has to be worth anything."""
    rows, score = made_days(np.random.default_rng(seed), REFERENCE_DAYS + WINDOWS * WINDOW_DAYS)
    reference = between(rows, score, 0, REFERENCE_DAYS).rows
    newest = between(rows, score, REFERENCE_DAYS - WINDOW_DAYS, REFERENCE_DAYS)
    held_out = HeldOut(newest.rows.label, newest.scores, newest.rows.day)
    profile = profile_reference(reference, FEATURES, "cpu")
    bounds = calibrate(profile, held_out, DECLARED, WINDOW_DAYS, NONE_INFORMS, resamples=500).bounds
    auc, found = placements(held_out.label, held_out.score)[0], 0
    for position in range(WINDOWS):
        start = REFERENCE_DAYS + position * WINDOW_DAYS
        window = between(rows, score, start, start + WINDOW_DAYS)
        seen = observe_inputs(profile, window, DECLARED, NONE_INFORMS, "cpu")
        values = {one.series: one.value for one in seen if one.value is not None}
        scored = Scored(window.rows.label, window.scores, window.rows.day)
        values |= {one.series: one.value for one in observe_promises(DECLARED, "classification", held_out, scored)}
        values["quality/loss/auc"] = auc - placements(window.rows.label, window.scores)[0]
        found += any(values[series] > bounds[series] for series in bounds.keys() & values.keys())
    return found


def test_one_false_alarm_per_year_comes_about_once_a_year():
    years = 16
    counted = sum(alarms_of_year(seed) for seed in range(years))
    # Garwood's interval of a Poisson count, 95 %.
    low, high = chdtri(2 * counted, 0.975) / 2 / years, chdtri(2 * counted + 2, 0.025) / 2 / years
    assert low <= 1 <= high, f"{counted} false alarms in {years} years"


def test_the_same_reference_gives_the_same_bounds():
    profile, held_out = reference_of(3)
    found = calibrate(profile, held_out, DECLARED, WINDOW_DAYS, NONE_INFORMS, resamples=200)
    assert found == calibrate(profile, held_out, DECLARED, WINDOW_DAYS, NONE_INFORMS, resamples=200)
    assert Thresholds.from_json(found.to_json()) == found


def test_rarer_alarms_need_greater_bounds():
    profile, held_out = reference_of(3)
    yearly, weekly = (
        calibrate(profile, held_out, declared(rate), WINDOW_DAYS, NONE_INFORMS, resamples=500).bounds
        for rate in ("1 per year", "1 per quarter")
    )
    assert yearly.keys() == weekly.keys()
    assert all(yearly[series] >= weekly[series] for series in yearly)
    assert yearly["quality/loss/auc"] > weekly["quality/loss/auc"] > 0


def test_every_series_that_may_alarm_has_a_bound():
    profile, held_out = reference_of(3)
    found = calibrate(profile, held_out, DECLARED, WINDOW_DAYS, frozenset({"number_1"}), resamples=200)
    window = between(*made_days(np.random.default_rng(4), WINDOW_DAYS), 0, WINDOW_DAYS)
    observed = [
        *observe_inputs(profile, window, DECLARED, frozenset({"number_1"}), "cpu"),
        *observe_predictions(held_out, window, DECLARED, informs=False),
    ]
    # Bounded by how many rows are expected, not by chance: it is 0 where nothing ended.
    observed = [one for one in observed if one.statistic != "vanished_rate"]
    assert {one.series for one in observed if one.worth is not None} == {
        series for series in found.bounds if not series.startswith("quality")
    }
    assert {series for series in found.bounds if series.startswith("quality")} == {
        "quality/loss/auc",
        "quality/loss/brier",
        "quality/loss/ece",
        "quality/bias/label",
        "quality/shortfall/auc",
    }
    assert found.series_count == len(found.bounds)


def test_without_a_declared_rate_the_numbers_alone_decide():
    policy = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
    assert calibrate(*reference_of(3), policy, WINDOW_DAYS, NONE_INFORMS).bounds == {}


def test_too_few_days_are_refused_with_the_remedy():
    with pytest.raises(EmptyWindow, match=r"the reference has 9 days.*raise monitoring\.reference_partitions"):
        calibrate(*reference_of(3, 9), DECLARED, WINDOW_DAYS, NONE_INFORMS)


@pytest.mark.parametrize("metric", ["auc", "pr_auc", "ece", "brier", "log_loss"])
def test_the_loss_of_a_window_by_days_is_that_of_its_rows(metric):
    rows, score = made_days(np.random.default_rng(6), 28)
    held_out, inside = HeldOut(rows.label, score, rows.day), np.zeros((1, 28), dtype=bool)
    inside[0, 3:17] = True
    found = null_quality(held_out, [metric], inside, closer=1.0)[f"quality/loss/{metric}"][0]
    own = np.repeat(inside[0], PER_DAY)
    now, then = (value_of(metric, rows.label[those], score[those]) for those in (own, ~own))
    assert found == pytest.approx(then - now if metric in HIGHER_IS_BETTER else now - then, abs=2e-3)


@pytest.mark.parametrize("metric", ["auc", "brier", "log_loss"])
def test_what_scores_promise_by_days_is_what_their_rows_say(metric):
    rows, score = made_days(np.random.default_rng(6), 28)
    inside = np.zeros((1, 28), dtype=bool)
    inside[0, 3:17] = True
    found = null_promises(Scored(rows.label, score, rows.day), metric, inside, closer=0.5)
    own = np.repeat(inside[0], PER_DAY)
    now, then = (Scored(rows.label[those], score[those], rows.day[those]) for those in (own, ~own))
    assert found["quality/bias/label"][0] == pytest.approx(
        0.5 * ((now.label - now.score).mean() - (then.label - then.score).mean())
    )
    short = shortfall_of(metric, now).value - shortfall_of(metric, then).value
    assert found[f"quality/shortfall/{metric}"][0] == pytest.approx(0.5 * short, abs=2e-3)


def test_months_before_tell_what_promises_reach_by_chance():
    """One month has a handful of spells; three have more, and leave less to doubt."""
    profile, newest = reference_of(3)
    rows, score = made_days(np.random.default_rng(3), REFERENCE_DAYS)
    every = replace(newest, walk_forward=Scored(rows.label, score, rows.day))
    alone, more = (calibrate(profile, one, DECLARED, WINDOW_DAYS, NONE_INFORMS).bounds for one in (newest, every))
    assert more["quality/bias/label"] < alone["quality/bias/label"]
    assert more["quality/shortfall/auc"] < alone["quality/shortfall/auc"]


@pytest.mark.parametrize("metric", ["mae", "rmse", "pinball_90"])
def test_the_loss_of_a_regression_by_days_is_that_of_its_rows(metric):
    chance = np.random.default_rng(6)
    label, score, day = chance.normal(size=280), chance.normal(size=280), np.repeat(np.arange(28), 10)
    inside = np.arange(28)[None] < 14
    found = null_quality(HeldOut(label, score, day), [metric], inside, closer=1.0)[f"quality/loss/{metric}"][0]
    assert found == pytest.approx(
        value_of(metric, label[:140], score[:140]) - value_of(metric, label[140:], score[140:])
    )


def test_a_regression_is_held_to_its_own_metrics():
    assert metrics_of("pinball_90") == ["pinball_90", "mae", "rmse"]
    assert metrics_of("ece") == ["ece", "auc", "brier"]


def declared(rate: str) -> Monitoring:
    return Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05, false_alarms=rate)
