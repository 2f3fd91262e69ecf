"""Labels that come late, over several looks at the same window."""

import json
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from pipelines.dataset import ValidatedPartition
from pipelines.drift.labels import labels_known, labels_of, observe_labels, unfinished_windows
from pipelines.drift.quality import observe_quality
from pipelines.drift.windows import Window
from pipelines.errors import MissingInput
from pipelines.interval import partition_interval
from pipelines.journal import record
from pipelines.layout import predictions_manifest, raw_table
from pipelines.table_versions import digest_of
from pipelines.training_set import model_rows
from pipelines.voids import mark_void, scored_partitions
from tests.pipelines.drift.made_windows import made_reference, score_of, spec_with

SPEC = spec_with(label_delay=timedelta(days=45), label_coverage=0.9)
FLIGHTS = raw_table("flights", "flights")
APRIL, MAY, JUNE, JULY, AUGUST = (partition_interval(f"2013-{month:02}", "month") for month in range(4, 9))
ROWS = 1000


def arriving(known_from: list[tuple[int, datetime]], part: str = "2013-04") -> pd.DataFrame:
    """Flights of a month, every fourth late; so many of them land at each time, in no order, the rest never do."""
    interval = partition_interval(part, "month")
    landings = [at for count, at in known_from for _ in range(count)]
    landed_at = pd.Series(pd.to_datetime([*landings, *[None] * (ROWS - len(landings))], utc=True)).dt.as_unit("us")
    landed_at = landed_at.sample(frac=1, random_state=3, ignore_index=True)
    delay = pd.Series(np.where(np.arange(ROWS) % 4 == 0, 30.0, 0.0)).where(landed_at.notna())
    return pd.DataFrame(
        {
            "flight_id": [f"{part}-{n}" for n in range(ROWS)],
            "sched_dep_at": pd.date_range(interval.start, interval.end, periods=ROWS + 1, inclusive="left", unit="us"),
            "distance_mi": np.arange(ROWS, dtype="float64"),
            "landed_at": landed_at,
            "arr_delay_min": delay,
        }
    )


def pull(store, frame: pd.DataFrame, part: str = "2013-04") -> None:
    """Put the flights into the raw table, validated and scored."""
    rows = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    snapshot = store.replace_partition(FLIGHTS, rows, part)
    end = partition_interval(part, "month").end
    versions, digests = {"flights": snapshot.version}, {"flights": digest_of(rows)}
    record(store, ValidatedPartition(part, len(frame), versions, digests).event("flights", end))
    manifest = {"part": part, "model_version": 3, "digest": "scored"}
    store.write_file(predictions_manifest(SPEC.name, part), json.dumps(manifest).encode())


def window_of(frame: pd.DataFrame, as_of: datetime, part: str = "2013-04") -> Window:
    rows = model_rows(SPEC, frame, as_of, ["distance_mi"])
    late = (frame["arr_delay_min"] >= 15).to_numpy(dtype="float64")
    return Window(part, partition_interval(part, "month"), as_of, rows, score_of(late), None)


LATE = [(300, APRIL.end - timedelta(days=9)), (400, MAY.end - timedelta(days=9)), (270, JUNE.end - timedelta(days=9))]


def test_labels_that_arrive_over_three_runs_make_the_window_final_in_the_third(store):
    frame, told = arriving(LATE), []
    pull(store, frame)
    for run in (APRIL, MAY, JUNE):
        window = window_of(frame, run.end)
        labels = labels_of(SPEC, store, window)
        told.append((labels.covered, labels.final, observe_quality(SPEC, made_reference(), window, labels)[0]))
    assert [(covered, final) for covered, final, _ in told] == [(0.3, False), (0.7, False), (0.97, True)]
    first, second, third = (quality for _, _, quality in told)
    assert first.value is None and second.value is None and third.value is not None
    assert "provisional: auc" in first.text and "300 of 1,000 rows (30%) have a label" in first.text
    assert "final once 90% have one, from 2013-06-15 00:00 on" in second.text
    assert "970 of 1,000 rows (97%) have a label" in third.text and "provisional" not in third.text


def test_a_window_is_looked_at_again_until_it_is_final_and_its_labels_stay(store):
    frame = arriving([*LATE, (10, JULY.end - timedelta(days=9))])
    pull(store, frame)
    assert unfinished_windows(SPEC, store, MAY) == [APRIL], "never looked at"
    for run, later, again in ((APRIL, MAY, True), (MAY, JUNE, True), (JUNE, JULY, True), (JULY, AUGUST, False)):
        labels_of(SPEC, store, window_of(frame, run.end))
        assert unfinished_windows(SPEC, store, later) == ([APRIL] if again else []), f"looked at as of {run.end:%F}"


def test_a_final_window_with_all_its_labels_is_left_alone(store):
    frame = arriving([(ROWS, APRIL.start + timedelta(days=1))])
    pull(store, frame)
    assert labels_of(SPEC, store, window_of(frame, APRIL.end)).final, "complete before labels are due"
    assert unfinished_windows(SPEC, store, MAY) == []


def test_an_older_run_does_not_see_what_a_later_one_looked_at(store):
    frame = arriving(LATE)
    pull(store, frame)
    for run in (APRIL, MAY, JUNE):
        labels_of(SPEC, store, window_of(frame, run.end))
    assert unfinished_windows(SPEC, store, MAY) == [APRIL]
    assert unfinished_windows(SPEC, store, JUNE) == [APRIL], "its own look does not count either"
    kept = store.files_below(f"labels/{SPEC.name}")
    again = labels_of(SPEC, store, window_of(frame, MAY.end))
    assert (again.labelled, again.contradicted) == (700, 0)
    assert store.files_below(f"labels/{SPEC.name}").keys() == kept.keys()


def test_windows_that_are_waited_for_no_more_are_not_read(store):
    soon = spec_with(label_delay=timedelta(days=1), label_coverage=0.9)
    frame = arriving([(500, APRIL.start + timedelta(days=1))])
    pull(store, frame)
    assert not labels_of(soon, store, window_of(frame, APRIL.end)).final
    assert unfinished_windows(soon, store, AUGUST) == [APRIL]
    store.delete(FLIGHTS)
    assert unfinished_windows(soon, store, partition_interval("2013-12", "month")) == []


def test_a_partition_pulled_anew_is_looked_at_however_old_it_is(store):
    frame, late = arriving([(ROWS, APRIL.start + timedelta(days=1))]), partition_interval("2014-06", "month")
    pull(store, frame)
    half = arriving([(500, MAY.start + timedelta(days=1))], "2013-05")
    pull(store, half, "2013-05")
    labels_of(SPEC, store, window_of(frame, APRIL.end))
    labels_of(SPEC, store, window_of(half, MAY.end, "2013-05"))
    assert unfinished_windows(SPEC, store, late) == []
    mended = frame.assign(arr_delay_min=frame["arr_delay_min"] + 1)
    pull(store, mended)
    assert unfinished_windows(SPEC, store, late) == [APRIL]
    labels_of(SPEC, store, window_of(mended, late.end))
    assert unfinished_windows(SPEC, store, partition_interval("2014-07", "month")) == []


def test_labels_enough_before_they_are_due_are_not_final_yet(store):
    frame = arriving([(950, APRIL.start + timedelta(days=1))])
    pull(store, frame)
    assert [labels_of(SPEC, store, window_of(frame, run.end)).final for run in (APRIL, MAY, JUNE)] == [0, 0, 1]


def test_a_window_with_void_predictions_is_left_alone(store):
    pull(store, arriving(LATE))
    mark_void(SPEC, store, scored_partitions(SPEC, store, APRIL.start, APRIL.end), "a bad feed", "ada")
    assert unfinished_windows(SPEC, store, MAY) == []


def test_a_window_that_was_not_scored_is_not_looked_at_again(store):
    pull(store, arriving(LATE))
    store.delete(predictions_manifest(SPEC.name, "2013-04"))
    assert unfinished_windows(SPEC, store, MAY) == []


@pytest.mark.parametrize("changed", [30.0, np.nan], ids=["another label", "a label taken back"])
def test_labels_that_contradict_earlier_ones_are_counted_once_by_each_run(store, changed):
    frame = arriving([(ROWS, APRIL.start + timedelta(days=1))])
    pull(store, frame)
    assert labels_of(SPEC, store, window_of(frame, APRIL.end)).contradicted == 0
    path = next(iter(store.files_below(f"labels/{SPEC.name}")))
    before = store.read_file(path)
    on_time = frame.index[frame["arr_delay_min"] == 0][:15]
    corrected = frame.assign(arr_delay_min=frame["arr_delay_min"].where(~frame.index.isin(on_time), changed))
    pull(store, corrected)
    found = labels_of(SPEC, store, window_of(corrected, MAY.end))
    assert found.contradicted == 15
    assert labels_of(SPEC, store, window_of(corrected, MAY.end)).contradicted == 15, "the same run again"
    assert labels_of(SPEC, store, window_of(corrected, JUNE.end)).contradicted == 0, "known by then"
    assert store.read_file(path) == before, "what an older run knew stays"
    rate = observe_labels(SPEC.monitoring, window_of(corrected, MAY.end), found)[2]
    assert rate.value == 0.015 and rate.value > rate.worth
    assert "15 of 1,000 rows have another label than an earlier run knew" in rate.text


def test_a_run_repeated_after_a_correction_tells_what_it_contradicts(store):
    frame = arriving([(ROWS, APRIL.start + timedelta(days=1))])
    pull(store, frame)
    labels_of(SPEC, store, window_of(frame, APRIL.end))
    corrected = frame.assign(arr_delay_min=frame["arr_delay_min"].where(frame.index >= 8, 30.0))
    pull(store, corrected)
    assert [labels_of(SPEC, store, window_of(corrected, APRIL.end)).contradicted for _ in range(2)] == [6, 6]


def test_unlabelled_rows_inform_until_labels_are_due(store):
    frame = arriving(LATE)
    early, due = (window_of(frame, run.end) for run in (APRIL, JUNE))
    pull(store, frame)
    waiting = observe_labels(SPEC.monitoring, early, labels_of(SPEC, store, early))[0]
    assert (waiting.value, waiting.worth) == (0.7, None)
    assert "700 of 1,000 rows have no label as of 2013-05-01 00:00; 90% are due by 2013-06-15 00:00" in waiting.text
    late = observe_labels(SPEC.monitoring, due, labels_of(SPEC, store, due))[0]
    assert late.value == pytest.approx(0.03) and late.worth == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("landed", "missing"), [(500, 0.0), (0, 1.0)], ids=["all that are due have come", "none has come"]
)
def test_labels_that_do_not_come_are_told_before_the_window_s_last_one_is_due(landed, missing):
    """Due ten days after departure: those of April's first twenty days are, at its end."""
    policy = spec_with(label_delay=timedelta(days=10)).monitoring
    frame = arriving([(ROWS, APRIL.end if landed else MAY.end)])
    window = window_of(frame, APRIL.end)
    waiting, overdue, _ = observe_labels(policy, window, labels_known(policy, window))
    assert (overdue.value, overdue.worth, waiting.worth) == (missing, 0.5, None)
    assert "of the 667 rows up to 2013-04-21 00:00, whose labels are due, have none" in overdue.text


def test_a_few_days_are_too_few_to_say_that_labels_do_not_come():
    policy = spec_with(label_delay=timedelta(days=26)).monitoring
    window = window_of(arriving([(ROWS, MAY.end)]), APRIL.end)
    assert observe_labels(policy, window, labels_known(policy, window))[1].value is None


def test_once_all_labels_are_due_the_declared_coverage_decides():
    window = window_of(arriving([(ROWS, AUGUST.end)]), JULY.end)
    waiting, overdue, _ = observe_labels(SPEC.monitoring, window, labels_known(SPEC.monitoring, window))
    assert overdue.value is None and waiting.value == 1.0 and waiting.worth == pytest.approx(0.1)


def test_labels_need_a_validated_partition(store):
    with pytest.raises(MissingInput, match=r"partition 2013-04 is missing.*flights__data"):
        labels_of(SPEC, store, window_of(arriving(LATE), APRIL.end))
    assert not store.files_below(f"labels/{SPEC.name}")
