from datetime import UTC, datetime

import pytest

from pipelines.airflow_rest import Change
from pipelines.backfill import step_line


def change(state, result=None):
    april = datetime(2013, 4, 1, tzinfo=UTC)
    return Change("flight_delay__train", "run", april, "approval", state, try_number=2, seconds=3.21, result=result)


@pytest.mark.parametrize(
    ("state", "result", "line"),
    [
        ("success", {"outcome": "version 1 passes"}, "version 1 passes  (3.2 s)"),
        ("success", None, None),
        ("running", None, None),
        ("skipped", None, "nothing to do  (3.2 s)"),
        ("up_for_retry", None, "try 2 failed, trying again  (3.2 s)"),
        ("failed", None, "failed after 2 tries  (3.2 s)"),
    ],
)
def test_a_step_that_ended_has_one_line(state, result, line):
    assert step_line(change(state, result)) == line


def test_a_step_that_asks_a_person_says_where_to_answer():
    assert "Required Actions" in step_line(change("awaiting_input"))
