from datetime import UTC, datetime

import pytest

from pipelines.champions import (
    AnotherChampion,
    Champion,
    champion_as_of,
    champion_before,
    champions,
    promote,
    promotions,
    require_champion,
)
from pipelines.errors import CallerError, MissingInput
from pipelines.journal import Event, everything, numbered, record_decided

MARCH, APRIL, MAY, JUNE = (datetime(2013, month, 1, tzinfo=UTC) for month in (3, 4, 5, 6))


def champion(version: int, since: datetime) -> Champion:
    return Champion(version, f"run-{version}", since, since)


@pytest.fixture
def promoted(store):
    """Version 1 from April, 2 from June; then a late backfill put 3 into force from May."""
    for version, since, against in ((1, APRIL, None), (2, JUNE, 1), (3, MAY, 1)):
        promote(store, "flight_delay", champion(version, since), f"digest-{version}", against)
    return store


def version_at(store, at: datetime) -> int | None:
    found = champion_as_of(store, "flight_delay", at)
    return found.version if found else None


def test_each_time_has_the_champion_that_was_in_force_then(promoted):
    assert version_at(promoted, MARCH) is None
    assert version_at(promoted, APRIL) == 1
    assert version_at(promoted, datetime(2013, 4, 30, 23, 59, tzinfo=UTC)) == 1
    assert version_at(promoted, MAY) == 3
    assert version_at(promoted, JUNE) == version_at(promoted, datetime(2014, 1, 1, tzinfo=UTC)) == 2


def test_champions_are_in_the_order_of_force_not_of_promotion(promoted):
    assert [one.version for one in champions(promoted, "flight_delay")] == [1, 3, 2]


def test_a_challenger_meets_the_champion_before_it_and_never_itself(promoted):
    assert champion_before(promoted, "flight_delay", APRIL) is None
    assert champion_before(promoted, "flight_delay", JUNE).version == 3


def test_the_same_promotion_again_is_none(promoted):
    assert promote(promoted, "flight_delay", champion(2, JUNE), "digest-2", 1) is False
    assert len(champions(promoted, "flight_delay")) == 3


def test_a_second_version_of_one_time_takes_its_place_and_the_first_stays_in_the_history(promoted):
    assert promote(promoted, "flight_delay", champion(4, MAY), "digest-4", 3) is True
    assert [one.version for one in champions(promoted, "flight_delay")] == [1, 4, 2]
    history = promotions(everything(promoted), "flight_delay")
    assert [(one.number, one.champion.version) for one in history] == [(1, 1), (2, 2), (3, 3), (4, 4)]


def test_models_have_champions_of_their_own(promoted):
    assert champions(promoted, "arrival_minutes") == []


def test_without_a_champion_the_error_says_since_when_there_is_one(promoted):
    with pytest.raises(
        MissingInput, match=r"no champion was in force at 2013-03-01; the first took force on 2013-04-01"
    ):
        require_champion(promoted, "flight_delay", MARCH)
    with pytest.raises(MissingInput, match=r"none was ever promoted\. Train one: .*backfill arrival_minutes__train"):
        require_champion(promoted, "arrival_minutes", MARCH)


def test_a_candidate_measured_against_another_than_the_one_in_force_is_not_promoted(promoted):
    with pytest.raises(AnotherChampion, match="version 3 is in force at 2013-05-01, not 1"):
        promote(promoted, "flight_delay", champion(4, MAY), "digest-4", against=1)
    with pytest.raises(AnotherChampion, match="version 2 is in force at 2013-06-01, not None"):
        promote(promoted, "flight_delay", champion(4, JUNE), "digest-4")
    assert len(promotions(everything(promoted), "flight_delay")) == 3


def test_a_late_promotion_is_measured_against_the_champion_of_its_own_time(promoted):
    april = datetime(2013, 4, 15, tzinfo=UTC)
    assert promote(promoted, "flight_delay", champion(4, april), "digest-4", against=1) is True
    assert version_at(promoted, april) == 4 and version_at(promoted, MAY) == 3 and version_at(promoted, JUNE) == 2


def withdraw(store, version: int, since: datetime) -> None:
    told = Event("withdrawal", "flight_delay", since, {"version": version, "reason": "a unit bug", "by": "ada"})
    record_decided(store, lambda said: numbered(said, [told]))


def test_a_withdrawn_version_is_not_in_force_from_then_on(promoted):
    withdraw(promoted, 3, MAY)
    assert version_at(promoted, MAY) == 1 and version_at(promoted, JUNE) == 2


def test_what_happened_to_a_model_is_numbered_in_one_order_whatever_it_was(promoted):
    withdraw(promoted, 3, MAY)
    promote(promoted, "flight_delay", champion(4, MAY), "digest-4", against=1)
    found = [event for event in everything(promoted) if event.content["version"] in (3, 4)]
    ordered = sorted(found, key=lambda event: event.number)
    assert [(event.kind, event.content["version"]) for event in ordered] == [
        ("promotion", 3),
        ("withdrawal", 3),
        ("promotion", 4),
    ]


def test_what_a_withdrawn_version_was_before_its_withdrawal_it_stays(promoted):
    withdraw(promoted, 2, datetime(2013, 7, 1, tzinfo=UTC))
    assert version_at(promoted, JUNE) == 2


def test_a_withdrawn_version_is_never_promoted_again(promoted):
    withdraw(promoted, 3, MAY)
    with pytest.raises(CallerError, match=r"version 3 was withdrawn by ada \(a unit bug\) and cannot be promoted"):
        promote(promoted, "flight_delay", champion(3, MAY), "digest-3", against=1)
    assert version_at(promoted, MAY) == 1
