"""What a window is compared with, where it is not there."""

import pytest

from pipelines.champions import Champion
from pipelines.drift.reference import reference_of
from pipelines.errors import MissingInput
from tests.pipelines.drift.made_windows import APRIL, spec_with

SPEC = spec_with()
CHAMPION = Champion(3, "run", APRIL.start, APRIL.start)


def test_a_champion_without_an_evaluation_names_the_command_that_makes_one(store):
    with pytest.raises(MissingInput, match=r"version 3 has no evaluation .*backfill flight_delay__train") as told:
        reference_of(SPEC, store, CHAMPION, APRIL, {})
    assert "--end 2013-04-01 --reprocess completed" in str(told.value)
