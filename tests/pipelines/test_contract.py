import numpy as np
import pandas as pd
import pytest

from pipelines.contract import PartitionContext, Validation, validate
from pipelines.datasets.flights.expectations import prepare, suite
from tests.pipelines.months import FEBRUARY, thin


@pytest.fixture(scope="module")
def frame(year) -> pd.DataFrame:
    return thin(year, FEBRUARY).to_pandas()


def judged(rows: pd.DataFrame, usual: float | None = None) -> Validation:
    return validate("flights", "2013-02", prepare(rows), suite(PartitionContext(FEBRUARY, usual)))


def some(rows: pd.DataFrame, share: float) -> np.ndarray:
    """A mask of that share of the rows, evenly spread."""
    return np.floor(np.arange(len(rows)) * share) != np.floor((np.arange(len(rows)) + 1) * share)


def null(column: str, share: float):
    return lambda rows: rows.assign(**{column: rows[column].astype("object").mask(some(rows, share))})


def unlanded(rows: pd.DataFrame) -> pd.DataFrame:
    lost = some(rows, 0.4)
    return rows.assign(arr_delay_min=rows["arr_delay_min"].mask(lost), landed_at=rows["landed_at"].mask(lost))


CRITICAL = {
    "empty": (lambda rows: rows.head(0), "row count"),
    "doubled": (lambda rows: pd.concat([rows, rows]), "unique on flight_id"),
    "one key twice": (lambda rows: pd.concat([rows, rows.head(1)]), "unique on flight_id: 2 of "),
    "40 % of a required column null": (null("carrier", 0.4), "not be null on carrier"),
    "one null in a required column": (
        lambda r: r.assign(origin=r["origin"].mask(r.index == 3)),
        "null on origin: 1 of",
    ),
    "40 % of the outcomes null": (unlanded, "not be null on arr_delay_min"),
    "all outcomes null": (lambda r: r.assign(arr_delay_min=np.nan, landed_at=pd.NaT), "not be null on arr_delay_min"),
    "40 % of the tail numbers null": (
        null("tail_number", 0.4),
        "critical: column values to not be null on tail_number",
    ),
    "another year": (
        lambda rows: rows.assign(sched_dep_at=rows["sched_dep_at"] - pd.DateOffset(years=1)),
        "inside the partition on sched_dep_seconds",
    ),
    "the next month's first instant": (
        lambda rows: rows.assign(sched_dep_at=rows["sched_dep_at"].mask(rows.index == 3, pd.Timestamp(FEBRUARY.end))),
        "inside the partition on sched_dep_seconds: 1 of",
    ),
    "negative distances": (lambda rows: rows.assign(distance_mi=-rows["distance_mi"]), "between on distance_mi"),
    "an origin elsewhere": (lambda rows: rows.assign(origin="BOS"), "in set on origin"),
    "numbers as text": (
        lambda rows: rows.assign(distance_mi=rows["distance_mi"].astype(str)),
        "type list on distance_mi",
    ),
    "arrival before departure": (
        lambda rows: rows.assign(landed_at=rows["departed_at"] - pd.Timedelta(minutes=1)),
        "arrival after departure",
    ),
    "an arrival of a cancelled flight": (
        lambda rows: rows.assign(cancelled=True),
        "a cancelled flight has no arrival",
    ),
    "a delay without a landing": (
        lambda rows: rows.assign(landed_at=pd.NaT),
        "an arrival delay comes with a landing",
    ),
    "one more column": (lambda rows: rows.assign(surprise=1), "match set"),
}


@pytest.mark.parametrize("case", list(CRITICAL))
def test_what_breaks_the_contract_is_critical_and_named(case, frame):
    spoil, reason = CRITICAL[case]
    found = judged(spoil(frame))
    assert found.status == "failed"
    assert any(reason in text for text in found.reasons()), found.reasons()


@pytest.mark.parametrize("change", [lambda rows: rows.drop(columns="arr_delay_min"), None], ids=["missing", "renamed"])
def test_a_column_that_is_gone_blocks_through_checks_that_raise(change, frame):
    rows = change(frame) if change else frame.rename(columns={"arr_delay_min": "arrival_delay"})
    found = judged(rows)
    assert found.status == "failed"
    errored = [check for check in found.checks if check.status == "errored"]
    assert {"arr_delay_min"} <= {check.column for check in errored}
    assert found.reasons()[0].startswith("errored: ") and "arr_delay_min" in " ".join(found.reasons())


def test_a_real_month_passes(frame):
    found = judged(frame)
    assert found.status == "passed", found.reasons()
    assert found.rows == len(frame) and {check.status for check in found.checks} == {"passed"}


def test_an_unknown_carrier_is_a_warning_with_examples(frame):
    found = judged(frame.assign(carrier=frame["carrier"].mask(some(frame, 0.1), "ZZ")))
    assert found.status == "warning"
    (check,) = [check for check in found.checks if check.status != "passed"]
    assert check.column == "carrier" and check.failing_rows == len(frame) // 10
    assert {row["carrier"] for row in check.examples} == {"ZZ"} and len(check.examples) == 5
    assert "flight_id" in check.examples[0]


def test_a_partition_that_ends_too_early_is_a_warning(frame):
    found = judged(frame[frame["sched_dep_at"] < pd.Timestamp(FEBRUARY.end) - pd.Timedelta(days=3)])
    assert found.status == "warning" and found.reasons()[0].startswith("warning: fresh to its end")


@pytest.mark.parametrize(("factor", "status"), [(0.4, "failed"), (0.6, "passed"), (1.9, "passed"), (2.1, "failed")])
def test_row_counts_are_held_against_the_usual(factor, status, frame):
    assert judged(frame, usual=len(frame) / factor).status == status


def test_reasons_tell_the_blocking_ones_first(frame):
    rows = frame.assign(carrier="ZZ", distance_mi=-1).drop(columns="air_time_min")
    kinds = [reason.split(":")[0] for reason in judged(rows).reasons()]
    assert kinds == sorted(kinds, key=["errored", "critical", "warning"].index)
    assert set(kinds) == {"errored", "critical", "warning"}
