from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from pipelines.gates.kinds.staleness import Staleness
from tests.pipelines.gates.hand_written import evidence

GATE = Staleness(kind="staleness", within_days=7)
UP_TO = np.array(["2013-03-20", "2013-03-25T12:00", "2013-03-01"], dtype="datetime64[ns]")


def held_out(as_of: datetime):
    rows = evidence([0.1, 0.2, 0.3], label=[1, 0, 1], day=[0, 1, 2], as_of=as_of)
    return replace(rows, rows=replace(rows.rows, at=UP_TO))


def test_the_newest_row_counts_wherever_it_stands():
    result = GATE.judge(held_out(datetime(2013, 4, 1, tzinfo=UTC)))
    assert (result.verdict, result.value, result.bound) == ("pass", 6.5, 7)
    assert result.sentence.startswith("the newest labelled row is of 2013-03-25, 6.5 days before 2013-04-01")


def test_exactly_that_many_days_are_too_many():
    assert GATE.judge(held_out(datetime(2013, 4, 1, 12, tzinfo=UTC))).verdict == "fail"
