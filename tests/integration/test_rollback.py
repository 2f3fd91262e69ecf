"""Rolling back against a real MLflow: proven first, verified afterwards, and what the bad version scored is void."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from pipelines.champions import Champion, champions, promote, withdrawals
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.journal import everything
from pipelines.projection import check, project
from pipelines.registry import MODEL_FILE, Registry
from pipelines.report.status import as_text, status
from pipelines.rollback import Request
from pipelines.steps import assemble, detect_drift, evaluate, predict, rollback, train
from pipelines.steps import promote as promote_step
from pipelines.store import Store
from tests.integration.conftest import MLflow
from tests.integration.rivals import CHAMPION, FIRST, recipe_of, rival_spec
from tests.pipelines.months import FEBRUARY, MARCH

pytestmark = pytest.mark.slow
NAME = "flight_delay"
SPEC = rival_spec(NAME)
WHY = ("--reason", "misses late flights", "--by", "ada")
REQUEST = Request("misses late flights", "ada")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Of its own: the command line knows the models that are declared, so these versions bear the shipped name."""
    server = MLflow(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def registry(server) -> Registry:
    return Registry(server.uri)


@pytest.fixture(scope="module")
def prepared(joined_home, server, tmp_path_factory) -> Path:
    """A store with version 2 in force from March in the place of version 1, and a candidate of April. Copy it."""
    folder, registry = tmp_path_factory.mktemp("rolled") / "store", Registry(server.uri)
    shutil.copytree(joined_home / "store", folder)
    store = Store(str(folder))
    for version in (CHAMPION, FIRST):
        own = recipe_of(SPEC, version)
        assemble.run(own, FEBRUARY, store)
        for step in (train, evaluate, promote_step):
            step.run(own, FEBRUARY, store, registry)
    predict.run(SPEC, MARCH, store, registry)
    assemble.run(SPEC, MARCH, store)
    train.run(SPEC, MARCH, store, registry)
    assert [(one.version, one.effective_from) for one in champions(store, NAME)] == [(FIRST, MARCH.start)]
    return folder


@pytest.fixture
def store(prepared, home, registry) -> Store:
    """A copy of the test's own, and an MLflow that agrees with it."""
    shutil.copytree(prepared, home / "store")
    store = Store(str(home / "store"))
    project(store, registry, NAME)
    return store


def test_from_the_command_to_verified(store, registry, own_process, home):
    result = home / "result.json"
    started = time.monotonic()
    in_a_pod = {"MLFLOW_TRACKING_URI": registry.uri, "TRAINYARD_GPUS": "1"}
    ran = own_process("rollback", NAME, *WHY, "--result", str(result), **in_a_pod)
    print(f"rolled back, verified, in {time.monotonic() - started:.1f} s")
    assert ran.returncode == 0, ran.stderr
    again = "python -m pipelines backfill flight_delay__predict --start 2013-03-01 --end 2013-04-01"
    assert "version 2 was withdrawn by ada (misses late flights), version 1 is in force from 2013-03-01" in ran.stdout
    assert "it scored 1," in ran.stdout and f"of 2013-03 are void, score them again: {again}" in ran.stdout
    told = json.loads(result.read_text())
    assert told["figures"] == {"version": 1, "withdrawn": 2, "void_partitions": 1}
    assert told["references"]["next"].startswith(again)
    assert told["cost"]["gpu_s"] == told["cost"]["wall_s"] > 0
    shown = registry.shown(NAME)
    assert shown.alias == 1 and shown.tags[2]["withdrawn"] == "misses late flights (ada)"
    assert check(store, registry, NAME) == []
    with pytest.raises(CallerError, match="version 2 was withdrawn by ada"):
        promote_step.run(recipe_of(SPEC, FIRST), FEBRUARY, store, registry)

    with pytest.raises(MissingInput, match=rf"2013-03, by version 2, are void.*{again}"):
        detect_drift.run(SPEC, MARCH, store, registry)
    assert status(NAME)["void"] == [{"partition": "2013-03", "reason": "version 2 was withdrawn: misses late flights"}]
    assert "predictions of 2013-03: version 2 was withdrawn" in as_text(status(NAME))
    assert predict.run(SPEC, MARCH, store, registry).figures["version"] == 1
    assert status(NAME)["void"] == [] and detect_drift.run(SPEC, MARCH, store, registry).figures["version"] == 1


def test_a_second_rollback_is_done_already_and_mends_what_a_kill_left(store, registry, monkeypatch):
    def away(*_):
        raise Unavailable("MLflow does not answer")

    monkeypatch.setattr(rollback, "project", away)
    with pytest.raises(Unavailable):
        rollback.run(SPEC, REQUEST, store, registry)
    monkeypatch.undo()
    assert champions(store, NAME)[-1].version == 1 and registry.shown(NAME).alias == 2
    version = store.version("journal")
    done = rollback.run(SPEC, REQUEST, store, registry)
    assert done.outcome.startswith("done already: version 2 was withdrawn by ada")
    assert registry.shown(NAME).alias == 1 and store.version("journal") == version
    with pytest.raises(CallerError, match="version 2 was withdrawn by ada"):
        rollback.run(SPEC, Request("again", "ada", to=2), store, registry)


@pytest.fixture
def broken(server, registry):
    """The files of version 1 are cut short; put right afterwards."""
    folder = registry.version(NAME, CHAMPION).source.rpartition("/")[2]
    (file,) = (path for path in (server.folder / "artifacts").rglob(MODEL_FILE) if folder in path.parts)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    yield file
    file.write_bytes(content)


def test_nothing_changes_when_the_version_does_not_load(store, registry, broken):
    version, shown = store.version("journal"), registry.shown(NAME)
    with pytest.raises(
        CallerError, match=r"version 1 cannot be put back, and nothing was changed: .*model.ubj in MLflow has"
    ):
        rollback.run(SPEC, REQUEST, store, registry)
    assert store.version("journal") == version and registry.shown(NAME) == shown


def test_nothing_changes_when_its_scores_are_out_of_range(store, registry, monkeypatch):
    version = store.version("journal")
    monkeypatch.setattr("pipelines.proof._range", lambda *_: (0.9, 1.0))
    with pytest.raises(CallerError, match=r"nothing was changed: version 1 scores 0\..* on 2013-03, out of \[0.9, 1\]"):
        rollback.run(SPEC, REQUEST, store, registry)
    assert store.version("journal") == version


@pytest.fixture
def deleted(store, registry) -> int:
    """A champion that somebody deleted from MLflow by hand: version 2 registered once more, and put into force."""
    twin = registry.version(NAME, FIRST)
    made = registry.register(NAME, twin.source.removeprefix("models:/"), twin.run_id, {})
    version = int(made.version)
    promote(store, NAME, Champion(version, twin.run_id, MARCH.start, MARCH.start), "digest", against=FIRST)
    registry.client.delete_model_version(NAME, made.version)
    return version


def test_a_champion_deleted_by_hand_is_a_clear_error_with_the_ways_out(store, registry, deleted, command):
    words = (
        rf"version {deleted} is not in the registry .* it was deleted there\. Put the champion before it back: "
        r"python -m pipelines rollback flight_delay .* --to none .*; then train another: python -m pipelines backfill"
    )
    with pytest.raises(MissingInput, match=words):
        predict.run(SPEC, MARCH, store, registry)
    with pytest.raises(MissingInput, match=words):
        evaluate.run(SPEC, MARCH, store, registry)
    found = command("registry", "check", MLFLOW_TRACKING_URI=registry.uri)
    assert found.returncode == 2 and f"version {deleted} was deleted from MLflow" in found.stdout
    assert "arrival_minutes: MLflow shows what the journal says" in found.stdout
    left = command("registry", "repair", NAME, MLFLOW_TRACKING_URI=registry.uri)
    assert left.returncode == 2 and "rollback flight_delay" in left.stdout, "what it cannot mend it says"

    done = rollback.run(SPEC, REQUEST, store, registry)
    assert done.figures["version"] == FIRST and check(store, registry, NAME) == []
    assert predict.run(SPEC, MARCH, store, registry).figures["version"] == FIRST


def test_a_deleted_version_cannot_be_put_back_and_others_are_named(store, registry, deleted):
    promote(store, NAME, Champion(FIRST, "run", MARCH.start, MARCH.start), "digest", against=deleted)
    with pytest.raises(CallerError, match=rf"version {deleted} was deleted from MLflow .*Name another: --to 1"):
        rollback.run(SPEC, Request("it is slow", "ada", to=deleted), store, registry)
    assert withdrawals(everything(store), NAME) == {}


def test_an_only_champion_that_was_deleted_gives_way_to_a_new_one_by_the_printed_commands(joined_store, registry):
    store, spec = joined_store, rival_spec()
    assemble.run(spec, FEBRUARY, store)
    for step in (train, evaluate, promote_step):
        step.run(spec, FEBRUARY, store, registry)
    registry.client.delete_model_version(spec.name, "1")
    withdraw = rf"rollback {spec.name} --to none --reason … --by …; then train another: .*backfill {spec.name}__train"
    with pytest.raises(MissingInput, match=withdraw):
        predict.run(spec, MARCH, store, registry)
    with pytest.raises(CallerError, match=rf"nothing to roll back to.*{withdraw}"):
        rollback.run(spec, REQUEST, store, registry)
    (found,) = check(store, registry, spec.name)
    assert re.search(withdraw, found.remedy)

    request = Request("deleted from MLflow", "ada", to="none")
    done = rollback.run(spec, request, store, registry)
    assert "version 1 was withdrawn by ada (deleted from MLflow) from 2013-03-01; none is in force now" in done.outcome
    assert check(store, registry, spec.name) == [] and registry.shown(spec.name).alias is None
    journalled = store.version("journal")
    assert rollback.run(spec, request, store, registry).outcome.startswith("done already")
    assert store.version("journal") == journalled
    for step in (train, evaluate, promote_step):
        step.run(spec, FEBRUARY, store, registry)
    assert [(one.version, one.effective_from) for one in champions(store, spec.name)] == [(2, MARCH.start)]
    assert registry.shown(spec.name).alias == 2 and check(store, registry, spec.name) == []


def test_predictions_are_marked_void_by_hand(store, command, registry):
    span = ("--start", "2013-03-01", "--end", "2013-04-01", "--reason", "the feed stood still", "--by", "bo")
    ran = command("void", NAME, *span)
    assert ran.returncode == 0 and ran.stdout.startswith("void flight_delay 1 partitions marked: 2013-03"), ran.stderr
    assert "--start 2013-03-01 --end 2013-04-01 --reprocess completed" in ran.stdout
    with pytest.raises(MissingInput, match=r"void: the feed stood still \(bo\)"):
        detect_drift.run(SPEC, MARCH, store, registry)
    again = command("void", NAME, *span)
    assert again.returncode == 0 and "0 partitions marked: none; 1 were void already" in again.stdout
    empty = command("void", NAME, "--start", "2013-05-01", "--end", "2013-06-01", "--reason", "x", "--by", "bo")
    assert empty.returncode == 2 and "no whole partition of [2013-05-01, 2013-06-01) was scored" in empty.stderr
