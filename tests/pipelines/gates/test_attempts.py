"""Every candidate that is held against one champion is an attempt, and keeps its number."""

from datetime import timedelta

import pytest

from pipelines.gates.attempts import EVALUATION, attempt, journal_evaluation
from pipelines.journal import events
from tests.pipelines.gates.hand_written import AS_OF, CHAMPION


def judge(store, version, at=AS_OF, champion=CHAMPION.version):
    number = attempt(store, "flight_delay", version, CHAMPION)
    told = {"version": version, "champion_version": champion, "attempt": number, "verdict": "fail"}
    journal_evaluation(store, "flight_delay", at, told)


def number_of(store, version, champion=CHAMPION):
    return attempt(store, "flight_delay", version, champion)


def test_the_first_candidate_is_the_first_attempt(store):
    assert number_of(store, 3) == 1
    assert number_of(store, 3, champion=None) == 1


@pytest.mark.parametrize("days", [-30, 0, 30])
def test_every_candidate_before_it_counts_whatever_its_time(store, days):
    judge(store, 3, AS_OF + timedelta(days=days))
    assert number_of(store, 4) == 2


def test_judged_again_a_candidate_keeps_its_number_and_adds_nothing(store):
    for version in (5, 4, 3):
        judge(store, version)
    judge(store, 4)
    assert [number_of(store, version) for version in (3, 4, 5, 6)] == [3, 2, 1, 4]
    assert len(events(store, EVALUATION, "flight_delay")) == 3


def test_an_attempt_is_not_forgotten_when_its_candidate_meets_another_champion(store):
    judge(store, 3)
    judge(store, 3, champion=9)
    assert number_of(store, 4) == 2


def test_other_champions_do_not_count(store):
    judge(store, 1, champion=None)
    judge(store, 2, champion=1)
    assert number_of(store, 10) == 1
