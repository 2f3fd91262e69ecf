"""A fault counts as seen when more is said of its window than of the same window without it."""

import pandas as pd
import pytest

from benchmarks.fault_trials import Trial
from benchmarks.monitored_year import Cost
from benchmarks.watched_windows import tells_more
from pipelines.drift.report import Attribution, DriftReport, Labels
from pipelines.drift.series import Observation, SeriesState

START = pd.Timestamp("2013-05-16", tz="UTC")
MATTERS, HARMLESS = Cost(auc=0.02, shift=0.0), Cost(auc=0.005, shift=0.04)


def state(subject, severity):
    observation = Observation("input", "step", subject, 1.0, 0.5, "")
    return SeriesState(observation, 0.5, severity, 1, 1, None, None)


def report(states=(), cause="none", sentence=""):
    attribution = Attribution(cause, "", [], [], sentence)
    labels = Labels(10, 10, 0, True)
    return DriftReport(
        "flight_delay", "2013-05", "2013-06-01", 1, "ok", "ok", [], labels, 0.2, attribution, list(states)
    )


@pytest.mark.parametrize(
    "faulty, clean, seen",
    [
        ([state("origin", "warning")], [], True),
        ([state("origin", "warning")], [state("origin", "warning")], False),
        ([state("origin", "critical")], [state("origin", "warning")], True),
        ([state("origin", "warning")], [state("carrier", "critical")], True),
        ([state("origin", "info")], [], False),
        ([], [state("origin", "warning")], False),
    ],
)
def test_a_report_tells_more_by_a_series_that_is_worse(faulty, clean, seen):
    assert tells_more(report(faulty), report(clean)) is seen


def trial(seen, costs, fault="celsius", told=None, start=START):
    return Trial(fault, start, {"ours": seen}, None, told, costs)


def test_a_fault_must_be_seen_by_the_window_in_which_it_matters():
    first = START.replace(day=1)
    assert trial(1, [MATTERS], start=first).in_time
    assert trial(2, [HARMLESS, MATTERS], start=first).in_time
    assert not trial(2, [MATTERS, MATTERS], start=first).in_time
    assert not trial(None, [HARMLESS, MATTERS], start=first).in_time


def test_a_fault_from_the_middle_of_a_window_on_is_in_time_with_the_next_one_that_is_whole():
    assert trial(2, [MATTERS, MATTERS]).in_time and not trial(2, [MATTERS, MATTERS]).at_once
    assert trial(1, [MATTERS, MATTERS]).at_once
    assert not trial(3, [MATTERS, MATTERS, MATTERS]).in_time
    assert not trial(None, [MATTERS, MATTERS]).in_time


def test_a_fault_that_never_matters_may_stay_unseen():
    assert trial(None, [HARMLESS, HARMLESS]).in_time


@pytest.mark.parametrize(
    "cause, sentence, named",
    [
        ("data_fault", "temperature_f looks like °C", True),
        ("data_fault", "humidity_pct jumped", False),
        ("covariate_shift", "temperature_f moved", False),
    ],
)
def test_a_cause_is_named_with_what_it_is_in(cause, sentence, named):
    assert trial(1, [MATTERS], told=report(cause=cause, sentence=sentence)).is_named is named


def test_a_cause_without_a_column_is_named_by_itself():
    assert trial(1, [MATTERS], "rows_halved", report(cause="volume")).is_named


def test_what_was_not_seen_was_not_named():
    assert not trial(None, [MATTERS]).is_named
