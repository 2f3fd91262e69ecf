"""Every candidate that is held against one champion is an attempt, and keeps its number."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.gates.gathering import EVALUATION, attempt
from pipelines.journal import Event, record
from tests.pipelines.gates.hand_written import AS_OF, CANDIDATE, CHAMPION


def judged(store, version, at=AS_OF, champion=CHAMPION.version):
    told = {"version": version, "champion_version": champion, "verdict": "fail"}
    record(store, Event(EVALUATION, "flight_delay", at, told, number=version))


def number_of(store, version, champion=CHAMPION):
    return attempt(store, "flight_delay", AS_OF, replace(CANDIDATE, version=version), champion)


def test_the_first_candidate_is_the_first_attempt(store):
    assert number_of(store, 3) == 1
    assert number_of(store, 3, champion=None) == 1


@pytest.mark.parametrize("days", [0, 30])
def test_an_earlier_candidate_counts_also_one_of_the_same_time(store, days):
    judged(store, 3, AS_OF - timedelta(days=days))
    assert number_of(store, 4) == 2


def test_judged_again_a_candidate_keeps_its_number(store):
    for version in (3, 4, 5):
        judged(store, version)
    assert [number_of(store, version) for version in (3, 4, 5)] == [1, 2, 3]


def test_other_champions_and_later_times_do_not_count(store):
    judged(store, 1, AS_OF - timedelta(days=30), champion=None)
    judged(store, 2, AS_OF - timedelta(days=1), champion=1)
    judged(store, 9, AS_OF + timedelta(days=30))
    assert number_of(store, 10) == 1
