import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipelines.drift.history import History, read, write
from pipelines.drift.report import Attribution, DriftReport, Labels, Revisited
from pipelines.drift.series import Observation, SeriesState
from pipelines.layout import monitoring_table

LOSS = "quality/loss/auc"
LABELS = Labels(rows=100, labelled=95, contradicted=0, final=True)
NOTHING = Attribution("none", "", [], [], "")


def loss(value: float | None, worth: float | None = 0.02, daily: tuple[float, ...] = (0.01, 0.03)) -> Observation:
    days = [f"2013-02-{27 + day}" for day in range(len(daily))]
    return Observation("quality", "loss", "auc", value, worth, "auc, in words", 0.0, 0.1, list(daily), days=days)


def psi(column: str, value: float | None) -> Observation:
    return Observation("input", "psi", column, value, 0.2, "PSI, in words")


def state(observation: Observation, threshold: float | None = 0.03) -> SeriesState:
    return SeriesState(observation, threshold, "ok", 0, 1, None, None)


def as_of(month: int) -> datetime:
    return datetime(2013, month, 1, tzinfo=UTC)


def report(month: int, *observations: Observation, **changes: object) -> DriftReport:
    """Of the month, as of its end, by version 3."""
    plain = DriftReport(
        model="small",
        part=f"2013-{month:02}",
        as_of=as_of(month + 1).isoformat(),
        model_version=3,
        severity="ok",
        quality_severity=None,
        reasons=[],
        labels=LABELS,
        positive_rate=0.2,
        attribution=NOTHING,
        states=[state(one) for one in observations],
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def looked_again(month: int, *observations: Observation) -> list[Revisited]:
    return [Revisited(f"2013-{month:02}", 3, LABELS, [state(one) for one in observations])]


def known(history: History, series: str = LOSS) -> dict[str, float | None]:
    return {seen.window: seen.value for seen in history.of(series)}


def test_a_model_that_was_never_monitored_has_no_past(store):
    assert read(store, "small", as_of(12)) == History()


def test_a_row_says_all_that_the_run_saw(store):
    write(store, report(4, loss(0.05)))
    assert store.read(monitoring_table("small")).to_pylist() == [
        {
            "run": "2013-04",
            "as_of": as_of(5),
            "window": "2013-04",
            "model_version": 3,
            "series": LOSS,
            "value": 0.05,
            "low": 0.0,
            "high": 0.1,
            "worth": 0.02,
            "threshold": 0.03,
            "severity": "ok",
            "daily": [0.01, 0.03],
            "text": "auc, in words",
            "days": ["2013-02-27", "2013-02-28"],
            "part": "2013-04@2013-05-01T00-00-00",
        }
    ]


def test_the_same_report_again_writes_nothing(store):
    first = write(store, report(4, loss(0.05), psi("distance_mi", None)))
    assert first == "monitoring/small@0"
    assert write(store, report(4, loss(0.05), psi("distance_mi", None))) == first


def test_windows_are_told_oldest_first_with_their_days_and_thresholds(store):
    for month, value in ((5, 0.02), (3, 0.01), (4, 0.05)):
        write(store, report(month, loss(value)))
    past = read(store, "small", as_of(6)).of(LOSS)
    assert [(seen.window, seen.value, seen.threshold) for seen in past] == [
        ("2013-03", 0.01, 0.03),
        ("2013-04", 0.05, 0.03),
        ("2013-05", 0.02, 0.03),
    ]
    assert (past[0].daily, past[0].days) == ([0.01, 0.03], ["2013-02-27", "2013-02-28"])


def test_a_table_from_before_days_were_kept_is_read_and_goes_on(store):
    write(store, report(3, loss(0.01)))
    table = monitoring_table("small")
    without_days = store.read(table).drop_columns(["days", "part"])
    old = monitoring_table("old")
    store.replace_partition(old, without_days, "2013-03@2013-04-01T00-00-00")
    assert [seen.days for seen in read(store, "old", as_of(6)).of(LOSS)] == [[]]
    written = write(store, report(4, loss(0.05), model="old"))
    assert write(store, report(4, loss(0.05), model="old")) == written, "the same again writes nothing"
    [march, april] = read(store, "old", as_of(6)).of(LOSS)
    assert (march.daily, march.days, april.days) == ([0.01, 0.03], [], ["2013-02-27", "2013-02-28"])


def test_the_past_is_what_was_known_at_the_time(store):
    write(store, report(3, loss(None)))
    write(store, report(4, loss(None), revisited=looked_again(3, loss(0.04))))
    write(store, report(5, loss(None), revisited=looked_again(3, loss(0.06))))
    assert known(read(store, "small", as_of(3))) == {}
    assert known(read(store, "small", as_of(4))) == {"2013-03": None}
    assert known(read(store, "small", as_of(5))) == {"2013-03": 0.04, "2013-04": None}
    assert known(read(store, "small", as_of(6))) == {"2013-03": 0.06, "2013-04": None, "2013-05": None}


def test_a_window_run_again_hides_no_newer_look_at_it(store):
    write(store, report(3, loss(0.01)))
    write(store, report(4, loss(0.01), revisited=looked_again(3, loss(0.06))))
    write(store, report(3, loss(0.02)))
    assert known(read(store, "small", as_of(5))) == {"2013-03": 0.06, "2013-04": 0.01}
    assert known(read(store, "small", as_of(4))) == {"2013-03": 0.02}


def test_a_window_run_twice_has_the_same_past(store):
    """What it found itself the first time, of its own window and of earlier ones, is not its past."""
    write(store, report(3, loss(0.01)))
    first = read(store, "small", as_of(5)).before("2013-04")
    write(store, report(4, loss(0.05), revisited=looked_again(3, loss(0.06))))
    again = read(store, "small", as_of(5)).before("2013-04")
    assert known(first) == known(again) == {"2013-03": 0.01}
    assert first.windows == again.windows == ["2013-03"]


def test_a_window_run_as_of_another_time_is_another_run(store):
    write(store, report(3, loss(0.01)))
    write(store, report(3, loss(0.09), as_of=as_of(9).isoformat()))
    assert known(read(store, "small", as_of(5))) == {"2013-03": 0.01}
    assert known(read(store, "small", as_of(9))) == {"2013-03": 0.09}


def test_of_two_looks_at_the_same_time_the_later_window_s_counts(store):
    write(store, report(4, loss(0.02), revisited=looked_again(3, loss(0.06))))
    write(store, report(3, loss(0.01), as_of=as_of(5).isoformat()))
    assert known(read(store, "small", as_of(5)))["2013-03"] == 0.06


def test_what_a_window_was_judged_against_is_known_also_of_one_looked_at_again(store):
    write(store, report(3, loss(None), states=[state(loss(None), 0.03), state(psi("distance_mi", 0.1), None)]))
    again = [Revisited("2013-03", 3, LABELS, [state(loss(0.04), 0.05)])]
    write(store, report(4, loss(None), revisited=again))
    assert read(store, "small", as_of(4)).thresholds("2013-03") == {LOSS: 0.03}
    assert read(store, "small", as_of(5)).thresholds("2013-03") == {LOSS: 0.05}
    assert read(store, "small", as_of(5)).thresholds("2013-02") == {}


def test_a_series_that_informs_has_no_threshold(store):
    write(store, report(3, states=[state(loss(0.5, worth=None), threshold=None)]))
    [march] = read(store, "small", as_of(5)).of(LOSS)
    assert (march.value, march.threshold) == (0.5, None)


def test_windows_without_a_run_are_no_windows(store):
    write(store, report(3, loss(0.01)))
    write(store, report(7, loss(0.02)))
    assert read(store, "small", as_of(8)).windows == ["2013-03", "2013-07"]


def test_a_feature_that_left_the_spec_keeps_its_past(store):
    write(store, report(3, psi("distance_mi", 0.1), psi("dewpoint_f", 0.3)))
    write(store, report(4, psi("distance_mi", 0.1)))
    history = read(store, "small", as_of(5))
    assert known(history, "input/psi/dewpoint_f") == {"2013-03": 0.3}
    assert history.of("input/psi/never_declared") == []


def test_what_is_not_a_number_is_not_told(store):
    write(store, report(3, loss(math.nan)))
    assert known(read(store, "small", as_of(5))) == {"2013-03": None}


def test_models_do_not_see_each_other(store):
    write(store, report(3, loss(0.01)))
    assert read(store, "other", as_of(5)) == History()


def test_windows_of_more_than_two_years_before_the_run_s_own_are_not_even_opened(store):
    for year in (2010, 2011):
        end = datetime(year, 2, 1, tzinfo=UTC)
        write(store, report(1, loss(0.01), part=f"{year}-01", as_of=end.isoformat()))
    [oldest] = Path(store.location(monitoring_table("small"))).glob("part=2010*/*.parquet")
    oldest.unlink()
    assert known(read(store, "small", as_of(5))) == {"2011-01": 0.01}
