import math
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from pipelines.drift.history import History, Seen
from pipelines.drift.series import Family, Observation, SeriesState, Statistic
from pipelines.drift.severity import WORDS, judge, overall, quality_severity
from pipelines.monitoring_spec import Monitoring

PART = "2013-07"
NO_PAST = History()
PSI = "input/psi/column"


def policy(**changes: Any) -> Monitoring:
    return Monitoring(**{"metric": "auc", "warning_loss": 0.02, "critical_loss": 0.05} | changes)


ONCE = policy()
TWICE = policy(persistence="2 of 3")


def seen_as(
    family: Family, statistic: Statistic, value: float | None, worth: float | None = 0.2, subject: str = "column"
) -> Observation:
    return Observation(family, statistic, subject, value, worth, "in words")


def loss(value: float | None, low: float | None = None, subject: str = "auc") -> Observation:
    high = None if low is None or value is None else 2 * value - low
    return Observation("quality", "loss", subject, value, 0.02, "auc .69 against .75", low, high)


def past(series: str, **values: float | None) -> History:
    """Of the months by their names, each judged against .2, by version 3."""
    months = {"mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8}
    rows = []
    for name, value in values.items():
        window, at = f"2013-{months[name]:02}", datetime(2013, months[name] + 1, 1, tzinfo=UTC)
        rows.append(Seen(window, at, window, 3, series, value, 0.2, 0.2, []))
    return History(tuple(rows))


def judged(
    observation: Observation, history: History = NO_PAST, rules: Monitoring = ONCE, bound: float | None = None
) -> SeriesState:
    bounds = {} if bound is None else {observation.series: bound}
    [state] = judge(rules, [observation], bounds, history, PART, 3)
    return state


@pytest.mark.parametrize(("bound", "threshold", "severity"), [(0.1, 0.2, "warning"), (0.5, 0.5, "ok")])
def test_a_series_must_be_worth_knowing_and_beyond_chance(bound, threshold, severity):
    state = judged(seen_as("input", "psi", 0.3), bound=bound)
    assert (state.threshold, state.severity) == (threshold, severity)


def test_without_a_bound_the_declared_number_decides_alone():
    assert judged(seen_as("input", "psi", 0.2)).severity == "ok"
    assert judged(seen_as("input", "psi", 0.21)).severity == "warning"


@pytest.mark.parametrize("value", [None, math.nan])
def test_what_cannot_be_told_never_alarms(value):
    state = judged(seen_as("input", "psi", value), past(PSI, may=0.9, jun=0.9), TWICE)
    assert (state.severity, state.since, state.beyond, state.of) == ("ok", None, 2, 3)


def test_what_is_infinite_alarms():
    assert judged(seen_as("input", "step", math.inf)).severity == "warning"


@pytest.mark.parametrize(
    ("months", "beyond", "of", "severity"),
    [
        ({}, 1, 1, "info"),
        ({"jun": 0.1}, 1, 2, "info"),
        ({"jun": 0.3}, 2, 2, "warning"),
        ({"may": 0.3, "jun": 0.1}, 2, 3, "warning"),
        ({"apr": 0.3, "may": 0.1, "jun": 0.1}, 1, 3, "info"),
        ({"may": None, "jun": 0.3}, 2, 3, "warning"),
        ({"may": 0.3, "jun": None}, 2, 3, "warning"),
        ({"mar": 0.3, "jun": 0.1}, 2, 3, "warning"),
    ],
    ids=[
        "the first window ever",
        "new",
        "twice in a row",
        "with a window between",
        "too long ago",
        "one untold before",
        "one untold between",
        "windows without a run are not counted",
    ],
)
def test_an_alarm_counts_once_it_stood_in_two_of_three_windows(months, beyond, of, severity):
    state = judged(seen_as("input", "psi", 0.3), past(PSI, **months), TWICE)
    assert (state.beyond, state.of, state.severity) == (beyond, of, severity)


def test_an_alarm_that_ended_is_over():
    state = judged(seen_as("input", "psi", 0.1), past(PSI, may=0.3, jun=0.3), TWICE)
    assert (state.severity, state.beyond, state.since) == ("ok", 2, None)


def test_a_window_in_which_a_feature_was_not_declared_counts_as_looked_at():
    history = History(past(PSI, apr=0.3).seen + past("input/psi/other", may=0.1, jun=0.1).seen)
    assert (judged(seen_as("input", "psi", 0.3), history, TWICE).beyond) == 1


def test_past_windows_are_judged_against_the_threshold_that_they_had():
    state = judged(
        seen_as("input", "psi", 0.3), past(PSI, may=0.25, jun=0.19), policy(persistence="3 of 3"), bound=0.28
    )
    assert (state.threshold, state.beyond) == (0.28, 2)


@pytest.mark.parametrize(
    ("months", "since"),
    [
        ({}, PART),
        ({"jun": 0.1}, PART),
        ({"apr": 0.3, "may": 0.1, "jun": 0.3}, "2013-06"),
        ({"apr": 0.3, "may": None, "jun": 0.3}, "2013-04"),
        ({"mar": 0.3, "jun": 0.3}, "2013-03"),
    ],
    ids=["first", "new", "broken", "one that could not be told", "windows without a run"],
)
def test_an_alarm_stands_since_its_run_of_windows_began(months, since):
    assert judged(seen_as("input", "psi", 0.3), past(PSI, **months)).since == since


def test_later_windows_and_the_window_s_own_earlier_run_are_not_its_past():
    state = judged(seen_as("input", "psi", 0.3), past(PSI, jul=0.9, aug=0.9), TWICE)
    assert (state.beyond, state.of, state.since) == (1, 1, PART)


@pytest.mark.parametrize(
    ("observation", "severity"),
    [
        (loss(-0.02, -0.04), "ok"),
        (loss(0.01, -0.01), "ok"),
        (loss(0.03, 0.01), "warning"),
        (loss(0.07, 0.04), "warning"),
        (loss(0.07, 0.06), "critical"),
        (loss(0.07), "critical"),
        (loss(0.07, math.nan), "warning"),
        (loss(0.07, 0.06, "auc[carrier=UA]"), "warning"),
        (loss(0.07, 0.06, "brier"), "warning"),
    ],
    ids=[
        "better",
        "within",
        "worse",
        "much worse, not for certain",
        "worse for certain",
        "worse, without an interval",
        "worse, with an interval of no numbers",
        "a slice",
        "another metric",
    ],
)
def test_quality_is_critical_when_its_whole_interval_is(observation, severity):
    state = judged(observation)
    assert state.severity == severity and quality_severity([state]) == severity


def test_a_late_window_has_no_quality():
    states = judge(ONCE, [loss(None), loss(None, subject="auc[carrier=UA]")], {}, NO_PAST, PART, 3)
    assert quality_severity(states) is None


def test_quality_that_only_informs_is_not_judged():
    informs = Observation("quality", "loss", "auc[carrier=UA]", 0.3, None, "in words")
    assert quality_severity(judge(ONCE, [loss(None), informs], {}, NO_PAST, PART, 3)) is None
    assert quality_severity(judge(ONCE, [loss(0.01), informs], {}, NO_PAST, PART, 3)) == "ok"


@pytest.mark.parametrize(
    ("family", "statistic"),
    [
        ("input", "psi"),
        ("input", "null_rate_rise"),
        ("prediction", "psi"),
        ("freshness", "feature_age_h"),
        ("freshness", "contradicted_rate"),
        ("skew", "rate"),
        ("volume", "volume_change"),
        ("business", "figure"),
    ],
)
def test_all_but_quality_warns_at_most(family, statistic):
    assert judged(seen_as(family, statistic, 1e6)).severity == "warning"


@pytest.mark.parametrize("statistic", ["null_rate_rise", "unseen_rate", "out_of_range_rate", "step", "frozen"])
@pytest.mark.parametrize(("shift", "severity"), [(0.06, "critical"), (0.04, "warning"), (None, "warning")])
def test_a_data_fault_that_moves_predictions_is_critical(statistic, shift, severity):
    """Also where the predictions themselves inform only, and where quality does not show it."""
    moved = seen_as("prediction", "mean_shift", shift, worth=None, subject="score")
    states = judge(ONCE, [loss(0.0, -0.01), moved, seen_as("input", statistic, 0.4)], {}, NO_PAST, PART, 3)
    assert states[-1].severity == severity


def test_predictions_that_chance_alone_moves_so_far_make_no_fault_critical():
    moved = seen_as("prediction", "mean_shift", 0.06, worth=0.05, subject="score")
    states = judge(ONCE, [moved, seen_as("input", "step", 0.4)], {moved.series: 0.08}, NO_PAST, PART, 3)
    assert [state.severity for state in states] == ["ok", "warning"]


def test_a_moved_input_is_never_critical():
    moved = seen_as("prediction", "mean_shift", 0.3, worth=0.05, subject="score")
    states = judge(ONCE, [moved, seen_as("input", "psi", 0.4)], {}, NO_PAST, PART, 3)
    assert [state.severity for state in states] == ["warning", "warning"]


def test_a_data_fault_must_persist_before_it_is_critical():
    moved = seen_as("prediction", "mean_shift", 0.3, worth=None, subject="score")
    states = judge(TWICE, [moved, seen_as("input", "step", 0.4)], {}, NO_PAST, PART, 3)
    assert states[-1].severity == "info"


@pytest.mark.parametrize(
    ("family", "statistic"), [("input", "psi"), ("prediction", "psi"), ("prediction", "mean_shift")]
)
@pytest.mark.parametrize(
    ("quality", "severity"), [(0.01, "info"), (0.03, "warning"), (None, "warning")], ids=["holds", "lost", "late"]
)
def test_what_moved_informs_while_quality_holds(family, statistic, quality, severity):
    states = judge(ONCE, [seen_as(family, statistic, 0.4), loss(quality)], {}, NO_PAST, PART, 3)
    assert states[0].severity == severity


def test_a_loss_that_has_not_persisted_is_not_quality_that_holds():
    history = past(PSI, jun=0.4)
    states = judge(TWICE, [seen_as("input", "psi", 0.4), loss(0.03)], {}, history, PART, 3)
    assert [state.severity for state in states] == ["warning", "info"]


def test_a_seasonal_column_informs_and_gives_no_alarm():
    states = judge(ONCE, [seen_as("input", "psi", 29.0, worth=None)], {"input/psi/column": 0.1}, NO_PAST, PART, 3)
    assert [(state.threshold, state.severity, state.is_beyond) for state in states] == [(None, "info", False)]
    assert overall(states) == ("ok", [])


def test_nothing_moved_is_ok_without_reasons():
    assert overall(judge(ONCE, [loss(0.01), seen_as("input", "psi", 0.1)], {}, NO_PAST, PART, 3)) == ("ok", [])
    assert overall([]) == ("ok", [])


def test_a_reason_says_what_by_how_much_since_when_and_how_often():
    history = past("quality/loss/auc", may=0.3, jun=0.3)
    severity, [reason] = overall([judged(loss(0.07, 0.06), history, TWICE)])
    assert severity == "critical"
    assert reason == (
        "critical: loss of auc 0.07 [0.06, 0.08], more than 0.02 since 2013-05, in 3 of 3 windows (auc .69 against .75)"
    )


def test_a_reason_says_why_an_alarm_only_informs():
    _, [unpersisted] = overall([judged(seen_as("input", "psi", 0.3), past(PSI, jun=0.1), TWICE)])
    assert "since 2013-07, in 1 of 2 windows; not persisted yet (in words)" in unpersisted
    severity, [informs] = overall(judge(ONCE, [seen_as("input", "psi", 0.3), loss(0.0)], {}, NO_PAST, PART, 3))
    assert severity == "info" and "; quality holds, so it only informs" in informs


def test_a_reason_says_that_predictions_moved_with_a_fault():
    moved = seen_as("prediction", "mean_shift", 0.3, worth=None, subject="score")
    _, [fault] = overall(judge(ONCE, [moved, seen_as("input", "frozen", 0.4)], {}, NO_PAST, PART, 3))
    assert fault.startswith("critical: standstill of column 0.4") and "predictions moved" in fault


def test_reasons_come_worst_first_then_quality_then_by_how_far_beyond():
    fault = seen_as("input", "null_rate_rise", 0.9, subject="near")
    far = seen_as("input", "psi", 9.0, subject="far")
    states = judge(ONCE, [fault, far, loss(0.03), seen_as("volume", "volume_change", 99.0)], {}, NO_PAST, PART, 3)
    _, reasons = overall(states)
    assert [reason.partition(" of ")[2].split()[0] for reason in reasons] == ["auc", "far", "the", "the"]
    assert "nulls in near" in reasons[2]


def test_every_statistic_has_words():
    assert set(WORDS) == set(get_args(Statistic))
