"""What adds up over the days, through the whole judgement."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from pipelines.drift.history import History, Seen
from pipelines.drift.series import Observation, Statistic
from pipelines.drift.severity import judge, overall
from pipelines.monitoring_spec import Monitoring, Persistence

ONCE = Monitoring(metric="auc", warning_loss=0.02, critical_loss=0.05)
TWICE = ONCE.model_copy(update={"persistence": Persistence(windows=2, of=3)})
QUALITY_HOLDS = Observation("quality", "loss", "auc", 0.0, 0.02, "in words")
PREDICTIONS_MOVED = Observation("prediction", "mean_shift", "score", 0.3, None, "in words")


def rising(windows: int, statistic: Statistic = "psi") -> tuple[History, Observation]:
    """PSI of .05 with small ups and downs for two months, then a little more every day; by the months from March on."""
    days = 0.05 + 0.01 * np.random.default_rng(4).standard_normal((windows, 30))
    days[2:] += 0.1 * np.arange(30 * (windows - 2)).reshape(-1, 30) / 60
    # A month's first day is the last of the month before, where the source's clocks are behind ours.
    dates = [[f"{date(2013, 3 + at, 1) + timedelta(days=day)}" for day in range(-1, 29)] for at in range(windows)]
    seen = [
        Seen(
            *(name, datetime(2013, 4 + at, 1, tzinfo=UTC), name, 3, f"input/{statistic}/column"),
            *(mean, 0.2, 0.2, told, dates[at]),
        )
        for at, (told, mean) in enumerate(zip(days.tolist(), days.mean(axis=1).tolist(), strict=True))
        for name in [f"2013-{3 + at:02}"]
    ]
    [*earlier, last] = seen
    return History(tuple(earlier)), Observation(
        "input", statistic, "column", last.value, 0.2, "in words", daily=last.daily, days=last.days
    )


def test_a_rise_that_adds_up_alarms_though_no_window_is_beyond():
    history, may = rising(windows=4)
    [state] = judge(ONCE, [may], {}, history, "2013-06", 3)
    assert not state.is_beyond and state.alarms
    assert (state.severity, state.pattern, state.since, state.beyond) == ("warning", "gradual", "2013-06", 1)
    assert state.onset == "2013-04-29"


def test_a_rise_must_persist_too():
    severities = []
    for windows, part in ((3, "2013-05"), (4, "2013-06"), (5, "2013-07")):
        history, last = rising(windows)
        [state] = judge(TWICE, [last], {}, history, part, 3)
        severities.append((state.severity, state.beyond, state.of, state.since))
    assert severities == [("ok", 0, 3, None), ("info", 1, 3, "2013-06"), ("warning", 2, 3, "2013-06")]


def test_a_rise_that_goes_beyond_stays_one_alarm():
    history, last = rising(windows=7)
    [state] = judge(TWICE, [last], {}, history, "2013-09", 3)
    assert state.is_beyond and (state.since, state.pattern, state.beyond) == ("2013-06", "gradual", 3)


def test_another_champion_s_alarm_is_another():
    history, last = rising(windows=7)
    [state] = judge(TWICE, [last], {}, history, "2013-09", 4)
    assert state.is_beyond and (state.since, state.beyond) == ("2013-09", 3)


def test_a_rise_that_is_worth_little_is_no_alarm():
    history, last = rising(windows=4)
    [state] = judge(ONCE, [last], {last.series: 0.5}, history, "2013-06", 3)
    assert (state.threshold, state.severity, state.alarms) == (0.5, "ok", False)


def test_a_seasonal_column_s_rise_is_not_judged():
    history, last = rising(windows=5)
    [state] = judge(ONCE, [replace(last, worth=None)], {}, history, "2013-07", 3)
    assert (state.severity, state.pattern, state.alarms) == ("ok", None, False)


def test_a_rise_informs_while_quality_holds_and_a_rise_of_nulls_warns():
    (history, psi), (_, nulls) = rising(windows=4), rising(windows=4, statistic="null_rate_rise")
    of_nulls = History(tuple(replace(seen, series=nulls.series) for seen in history.seen))
    both = History(history.seen + of_nulls.seen)
    states = judge(ONCE, [psi, nulls, QUALITY_HOLDS], {}, both, "2013-06", 3)
    assert [state.severity for state in states] == ["info", "warning", "ok"]


def test_a_rise_of_nulls_alone_is_not_critical():
    history, nulls = rising(windows=4, statistic="null_rate_rise")
    [_, state] = judge(ONCE, [PREDICTIONS_MOVED, nulls], {}, history, "2013-06", 3)
    assert state.severity == "warning"


def test_a_jump_is_sudden_from_its_day_on():
    history, last = rising(windows=3)
    days = [*last.daily[:20], *(day + 0.9 for day in last.daily[20:])]
    [state] = judge(ONCE, [replace(last, value=0.35, daily=days)], {}, history, "2013-05", 3)
    assert (state.pattern, state.onset) == ("sudden", "2013-05-20")


def test_days_without_a_number_shift_no_date():
    history, last = rising(windows=3)
    days = [math.nan, *last.daily[1:20], *(day + 0.9 for day in last.daily[20:])]
    [state] = judge(ONCE, [replace(last, value=0.35, daily=days)], {}, history, "2013-05", 3)
    assert state.onset == "2013-05-20"


def test_of_a_window_whose_days_were_not_kept_the_part_is_told():
    history, last = rising(windows=4)
    [state] = judge(ONCE, [last], {}, History(tuple(replace(one, days=[]) for one in history.seen)), "2013-06", 3)
    assert state.onset == "2013-04"


def test_a_reason_says_how_it_rises():
    history, last = rising(windows=4)
    _, [reason] = overall(judge(ONCE, [last], {}, history, "2013-06", 3))
    assert reason == (
        "warning: PSI of column 0.1252, not yet 0.2 but rising since 2013-06, in this window; "
        "gradual, from about 2013-04-29 (in words)"
    )
