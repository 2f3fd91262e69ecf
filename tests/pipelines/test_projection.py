from datetime import UTC, datetime

import pytest

from pipelines.champions import Champion, promote
from pipelines.errors import Unavailable
from pipelines.journal import everything
from pipelines.projection import Alias, Tag, differences, project
from pipelines.registry import Shown
from pipelines.rollback import Request, choose, put_back
from pipelines.spec import find_model

APRIL, MAY, JUNE = (datetime(2013, month, 1, tzinfo=UTC) for month in (4, 5, 6))
MODEL = "flight_delay"


def since(time: datetime) -> dict[str, str]:
    return {"effective_from": time.isoformat()}


def take_force(store, version: int, time: datetime, against: int | None) -> None:
    promote(store, MODEL, Champion(version, f"run-{version}", time, time), f"digest-{version}", against)


@pytest.fixture
def promoted(store):
    """Version 1 from April, 2 from May."""
    take_force(store, 1, APRIL, None)
    take_force(store, 2, MAY, 1)
    return store


@pytest.fixture
def rolled_back(promoted):
    """Version 2 was withdrawn, 1 put back."""
    request = Request("misses late flights", "ada")
    put_back(find_model(MODEL), promoted, request, choose(everything(promoted), MODEL, request))
    return promoted


def found(store, shown: Shown | None):
    return differences(everything(store), MODEL, shown)


def test_what_mlflow_shows_right_is_no_difference(promoted, rolled_back):
    shown = Shown(1, {1: since(MAY), 2: {"withdrawn": "misses late flights (ada)"}, 3: {"verdict": "fail"}})
    assert found(rolled_back, shown) == []


def test_a_model_that_never_had_a_champion_needs_nothing(store):
    assert found(store, None) == [] and found(store, Shown(None, {1: {}})) == []


@pytest.mark.parametrize(("alias", "words"), [(None, "held by nobody"), (1, "held by version 1"), (9, "version 9")])
def test_an_alias_that_is_missing_or_elsewhere_is_moved(promoted, alias, words):
    (one,) = found(promoted, Shown(alias, {1: since(APRIL), 2: since(MAY), 9: {}}))
    assert one.change == Alias(2) and words in one.found and "but version 2 is in force" in one.found
    assert one.remedy == "python -m pipelines registry repair flight_delay"


def test_a_withdrawn_version_that_holds_the_alias_is_named_as_such(rolled_back):
    alias, *tags = found(rolled_back, Shown(2, {1: since(APRIL), 2: since(MAY)}))
    assert "held by version 2, which was withdrawn, but version 1 is in force" in alias.found
    assert {one.change for one in tags} == {
        Tag(1, "effective_from", MAY.isoformat()),
        Tag(2, "effective_from", None),
        Tag(2, "withdrawn", "misses late flights (ada)"),
    }


def test_an_alias_without_any_champion_is_taken_away(store):
    (one,) = found(store, Shown(1, {1: {}}))
    assert one.change == Alias(None) and "none is in force" in one.found


def test_a_deleted_champion_cannot_be_mended_and_says_both_ways_out(promoted):
    (one,) = found(promoted, Shown(None, {1: since(APRIL)}))
    assert one.change is None and "version 2 was deleted from MLflow" in one.found
    assert "pipelines rollback flight_delay" in one.remedy and "backfill flight_delay__train" in one.remedy


def test_a_deleted_champion_of_the_past_is_not_a_case_for_a_rollback(promoted):
    (one,) = found(promoted, Shown(2, {2: since(MAY)}))
    assert "version 1 was deleted" in one.found and "champion of the past" in one.found
    assert "rollback" not in one.remedy


def test_a_withdrawn_version_may_be_deleted(rolled_back):
    assert found(rolled_back, Shown(1, {1: since(MAY)})) == []


def test_a_model_that_mlflow_lost_is_one_difference(promoted):
    (one,) = found(promoted, None)
    assert one.change is None and "not registered in MLflow" in one.found and "backup" in one.remedy


class InMemory:
    """What MLflow shows, kept here; `between` is called after each time the alias was written."""

    def __init__(self, between=lambda: None) -> None:
        self.uri, self.state, self.between = "memory", Shown(None, {1: {}, 2: {}, 3: {}}), between

    def shown(self, model: str) -> Shown:
        return self.state

    def set_champion(self, model: str, version: int | None) -> None:
        self.state = Shown(version, self.state.tags)
        self.between()

    def set_tag(self, model: str, version: int, name: str, value: str | None) -> None:
        told = self.state.tags.setdefault(version, {})
        told.pop(name, None)
        if value is not None:
            told[name] = value


def test_a_promotion_that_comes_while_the_alias_is_written_is_shown_in_the_end(promoted):
    registry = InMemory(between=lambda: take_force(promoted, 3, JUNE, 2))
    mended, left = project(promoted, registry, MODEL)
    assert registry.state.alias == 3 and left == [] and len(mended) == 5
    assert registry.state.tags[3] == since(JUNE)


def test_somebody_who_changes_the_alias_back_every_time_is_reported(promoted):
    registry = InMemory()
    registry.between = lambda: setattr(registry, "state", Shown(1, registry.state.tags))
    with pytest.raises(Unavailable, match="changed by others after each of 20 repairs"):
        project(promoted, registry, MODEL)
