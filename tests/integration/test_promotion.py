"""Promotion is atomic and exclusive: real processes at once, a real kill in between, and what mends it."""

import json
import multiprocessing
import os
import shutil
import signal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from pipelines.approval import Approval, answer, evaluation_of
from pipelines.candidate import candidate_of
from pipelines.champions import champions, promotions
from pipelines.errors import CallerError, MissingInput, NothingToDo
from pipelines.journal import Event, everything, numbered, record_decided
from pipelines.projection import check, project
from pipelines.registry import Registry
from pipelines.spec import ApprovalPolicy, ModelSpec
from pipelines.steps import promote
from pipelines.store import Store
from tests.integration.rivals import CHAMPION, FIRST, SECOND, prepare, recipe_of, reset, rival_spec
from tests.pipelines.months import MARCH

pytestmark = pytest.mark.slow
TRIES = 20
PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def prepared(joined_home, mlflow_server, tmp_path_factory) -> tuple[ModelSpec, Path]:
    """The rivals' spec, and a store in which they wait. Copy it, never write to it."""
    spec, folder = rival_spec(), tmp_path_factory.mktemp("rivals") / "store"
    shutil.copytree(joined_home / "store", folder)
    prepare(spec, Store(str(folder)), Registry(mlflow_server.uri))
    return spec, folder


@pytest.fixture
def spec(prepared) -> ModelSpec:
    return prepared[0]


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


@pytest.fixture
def waiting(prepared, home, registry) -> Store:
    """A store of the test's own, and an MLflow that agrees with it."""
    shutil.copytree(prepared[1], home / "store")
    store = Store(str(home / "store"))
    project(store, registry, prepared[0].name)
    return store


def promoted(spec: ModelSpec, store: Store, registry: Registry, version: int):
    made = candidate_of(store, spec.name, version)
    return promote.put_in_force(recipe_of(spec, version), MARCH, store, registry, made)


def versions(store: Store, spec: ModelSpec) -> list[int]:
    return [champion.version for champion in champions(store, spec.name)]


def keep_promoting(
    uri: str, tracking_uri: str, spec: ModelSpec, version: int, together: Barrier, told: "Queue[tuple[int, bool, str]]"
) -> None:
    store, registry = Store(uri), Registry(tracking_uri)
    registry.shown(spec.name)
    for _ in range(TRIES):
        together.wait(PATIENCE_SECONDS)
        try:
            told.put((version, True, promoted(spec, store, registry, version).outcome))
        except NothingToDo as error:
            told.put((version, False, str(error)))
        together.wait(PATIENCE_SECONDS)


def test_of_two_promotions_at_once_one_wins_and_the_other_says_why(spec, waiting, registry, prepared):
    spawn = multiprocessing.get_context("spawn")
    together, told = spawn.Barrier(3), spawn.Queue()
    rivals = [
        spawn.Process(target=keep_promoting, args=(waiting.uri, registry.uri, spec, version, together, told))
        for version in (FIRST, SECOND)
    ]
    for rival in rivals:
        rival.start()
    winners = []
    for _ in range(TRIES):
        reset(waiting, prepared[1])
        project(waiting, registry, spec.name)
        together.wait(PATIENCE_SECONDS)
        together.wait(PATIENCE_SECONDS)
        answers = sorted((told.get(timeout=PATIENCE_SECONDS) for _ in rivals), key=lambda one: one[1])
        (loser, lost, why), (winner, won, outcome) = answers
        assert (lost, won) == (False, True), answers
        assert outcome == f"version {winner} is now champion from 2013-04-01"
        assert f"version {loser}" in why and "versus_champion on auc" in why and why.endswith("champion stays in force")
        assert evaluation_of(waiting, spec.name, loser).champion_version == winner, "measured against the winner"
        assert versions(waiting, spec) == [CHAMPION, winner]
        assert check(waiting, registry, spec.name) == [], "journal and alias agree"
        winners.append(winner)
    for rival in rivals:
        rival.join()
    print(f"of {TRIES} tries version {FIRST} won {winners.count(FIRST)}, version {SECOND} {winners.count(SECOND)}")


def test_a_rival_that_comes_after_the_check_is_seen_by_the_commit(spec, waiting, registry, monkeypatch):
    asked = promote._answer

    def meanwhile(*arguments):
        monkeypatch.setattr(promote, "_answer", asked)
        promoted(spec, waiting, registry, SECOND)
        return asked(*arguments)

    monkeypatch.setattr(promote, "_answer", meanwhile)
    with pytest.raises(NothingToDo, match=r"version 2 .*versus_champion on auc"):
        promoted(spec, waiting, registry, FIRST)
    assert versions(waiting, spec) == [CHAMPION, SECOND]
    assert evaluation_of(waiting, spec.name, FIRST).champion_version == SECOND


def promote_and_die(uri: str, tracking_uri: str, spec: ModelSpec) -> None:
    """Killed after the journal was written and before the alias is."""
    promote.project = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    promoted(spec, Store(uri), Registry(tracking_uri), FIRST)


def test_a_kill_between_journal_and_alias_is_found_and_mended(spec, waiting, registry, command):
    spawn = multiprocessing.get_context("spawn")
    killed = spawn.Process(target=promote_and_die, args=(waiting.uri, registry.uri, spec))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL and versions(waiting, spec) == [CHAMPION, FIRST]
    assert registry.shown(spec.name).alias == CHAMPION

    def ask(action, *options):
        return command("registry", action, spec.name, *options, MLFLOW_TRACKING_URI=registry.uri)

    found = ask("check")
    assert found.returncode == 2, found.stderr
    assert "the alias champion is held by version 1 but version 2 is in force" in found.stdout
    assert f"remedy: python -m pipelines registry repair {spec.name}" in found.stdout
    assert registry.shown(spec.name).alias == CHAMPION, "to check changes nothing"
    mended = ask("repair")
    assert mended.returncode == 0 and "mended: " in mended.stdout
    agreed = ask("check", "--json")
    assert agreed.returncode == 0
    assert json.loads(agreed.stdout) == [{"model": spec.name, "mended": [], "differences": []}]
    assert registry.shown(spec.name).alias == FIRST
    assert promoted(spec, waiting, registry, FIRST).outcome == "version 2 is already champion from 2013-04-01"


def test_the_step_that_was_killed_shows_the_alias_when_it_runs_again(spec, waiting, registry):
    promoted(spec, waiting, registry, FIRST)
    registry.set_champion(spec.name, CHAMPION)
    version = waiting.version("journal")
    assert promoted(spec, waiting, registry, FIRST).outcome == "version 2 is already champion from 2013-04-01"
    assert registry.shown(spec.name).alias == FIRST and waiting.version("journal") == version


def test_a_version_that_was_withdrawn_is_refused_with_the_reason(spec, waiting, registry):
    told = Event("withdrawal", spec.name, MARCH.as_of, {"version": FIRST, "reason": "a unit bug", "by": "ada"})
    record_decided(waiting, lambda said: numbered(said, [told]))
    with pytest.raises(CallerError, match=r"version 2 was withdrawn by ada \(a unit bug\) and cannot be promoted"):
        promoted(spec, waiting, registry, FIRST)
    assert versions(waiting, spec) == [CHAMPION]
    project(waiting, registry, spec.name)
    assert registry.shown(spec.name).tags[FIRST]["withdrawn"] == "a unit bug (ada)"


def answered(spec: ModelSpec, store: Store, version: int, said: str, note: str = "") -> Approval:
    judged = evaluation_of(store, spec.name, version)
    given = Approval(version, judged.digest, said, "ada", "2013-04-02T09:00:00+00:00", note)
    return answer(store, spec, judged, given)


def test_where_the_spec_asks_a_person_nothing_is_promoted_without_one(spec, waiting, registry):
    asking = spec.model_copy(update={"approval": ApprovalPolicy(required=True)})
    with pytest.raises(MissingInput, match=rf"waits for a person: python -m pipelines approve {spec.name} 2 --approve"):
        promoted(asking, waiting, registry, FIRST)
    answered(asking, waiting, SECOND, "reject", "too much noise")
    with pytest.raises(NothingToDo, match=r"version 3 was rejected by ada .*: too much noise; the champion stays"):
        promoted(asking, waiting, registry, SECOND)
    assert versions(waiting, spec) == [CHAMPION]
    answered(asking, waiting, FIRST, "approve", "fine")
    promoted(asking, waiting, registry, FIRST)
    newest = promotions(everything(waiting), spec.name)[-1]
    assert newest.content["approval"] == {
        "by": "ada",
        "at": "2013-04-02T09:00:00+00:00",
        "note": "fine",
        "override": False,
        "timed_out": False,
    }


def test_a_person_may_overrule_a_gate_only_where_the_spec_allows_it_and_it_is_kept(spec, waiting, registry):
    promoted(spec, waiting, registry, FIRST)
    with pytest.raises(NothingToDo, match="versus_champion on auc"):
        promoted(spec, waiting, registry, SECOND)
    allowing = spec.model_copy(update={"approval": ApprovalPolicy(required=False, override=True)})
    answered(allowing, waiting, SECOND, "override", "the feed that it was trained on is the right one")
    with pytest.raises(NothingToDo, match="versus_champion on auc"):
        promoted(spec, waiting, registry, SECOND)
    promoted(allowing, waiting, registry, SECOND)
    newest = promotions(everything(waiting), spec.name)[-1]
    assert newest.overrode_gates and newest.content["approval"]["by"] == "ada"
    assert versions(waiting, spec) == [CHAMPION, SECOND]
