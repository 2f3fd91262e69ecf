"""The monitor of a backtest over made months: what late labels let it know, and when."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from pipelines.backtest.history import History
from pipelines.backtest.policies import Policy
from pipelines.backtest.replay import Replay
from pipelines.backtest.watching import Monitor
from pipelines.dataset import ValidatedPartition
from pipelines.interval import part_key, partition_interval
from pipelines.journal import record
from pipelines.monitoring_spec import Retrain
from tests.pipelines.backtest.made_history import MONTHS, Admission, made_history
from tests.pipelines.drift.made_windows import made_rows, score_of, spec_with

COLUMNS = ["schedule.origin", "schedule.distance_mi"]
WATCHED = spec_with(label_delay=timedelta(days=20), false_alarms=None).model_copy(update={"features": COLUMNS})
DRIFT = Policy("drift", "at a warning", Retrain(at_severity="warning", cooldown_days=0))
SOON, LATE = timedelta(0), timedelta(days=20)
FAILS_FROM = 1  # May: what was trained before the end of it is worth nothing from then on
QUARTER = [partition_interval(f"2013-0{month}", "month") for month in (1, 2, 3)]
ROWS = {interval: made_rows(3000, interval, seed) for seed, interval in enumerate([*QUARTER, *MONTHS])}


class Kept:
    """Fits that all did well where they were held out."""

    def __init__(self, store):
        self.store = store

    def held_out(self, fit):
        rows = ROWS[QUARTER[-1]]
        return pd.DataFrame({"label": rows.label, "candidate": score_of(rows.label), "day": rows.day})

    def features(self, fit, rows, names):
        return pd.DataFrame()


@pytest.fixture
def watched(store):
    for interval, rows in ROWS.items():
        part = part_key(interval.start, "month")
        record(store, ValidatedPartition(part, len(rows.label), {}, {}).event("flights", interval.end))

    def with_labels(late_by: timedelta) -> Monitor:
        """Two in three of them come so long after the flight."""
        made = made_history()
        windows = [replace(past, label=ROWS[past.interval].label, day=ROWS[past.interval].day) for past in made.windows]
        scores = {
            (fit, at): score_of(ROWS[MONTHS[at]].label, skill=0.0 if fit <= FAILS_FROM <= at else 0.2)
            for fit, at in made.scores
        }

        def partitions(interval):
            rows = ROWS[interval]
            waits = np.where(np.arange(len(rows.label)) % 3 > 0, late_by, SOON).astype("timedelta64[us]")
            return rows, rows.at.dt.tz_convert(None).to_numpy() + waits

        return Monitor(History(WATCHED, Kept(store), windows, made.fits, scores, partitions))

    return with_labels


def replayed(monitor: Monitor):
    (run,) = Replay(monitor.history, monitor, Admission(frozenset())).run([DRIFT], lambda text: None)
    return run


def test_a_policy_that_follows_drift_acts_when_the_labels_are_in(watched):
    at_once, late = replayed(watched(SOON)), replayed(watched(LATE))
    assert (at_once.served, at_once.trained) == ((0, 0, 2, 2), [2])
    assert (late.served, late.trained) == ((0, 0, 0, 3), [3])
    assert "revisited 2013-05: auc" in late.turns[2].reason


def test_a_window_is_looked_at_again_until_its_labels_are_in_and_then_left_alone(watched):
    monitor = watched(LATE)
    reports = [monitor.report((0,) * windows) for windows in (1, 2, 3, 4)]
    assert [report.labels.final for report in reports] == [False] * 4
    looked = [[(one.part, one.labels.final) for one in report.revisited] for report in reports]
    assert looked == [[], [("2013-04", True)], [("2013-05", True)], [("2013-06", True)]]
    assert [report.told_quality for report in reports] == [None, "ok", "critical", "critical"]


def test_a_window_counts_against_the_model_that_served_it_alone(watched):
    report = watched(LATE).report((0, 0, 2))
    assert [(one.part, one.model_version, one.counting) for one in report.revisited] == [("2013-05", 1, [])]
    assert (report.severity, report.told_quality) == ("info", None)
    assert any("by version 1; version 3 scores now" in reason for reason in report.reasons)


def test_with_all_labels_at_once_nothing_is_looked_at_again(watched):
    assert watched(SOON).report((0, 0, 0)).revisited == []
