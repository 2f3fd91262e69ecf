"""A release made again from its record alone."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable

from pipelines.candidate import read_candidate
from pipelines.champions import PROMOTION
from pipelines.environment import tracking_uri
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.journal import Event, record
from pipelines.layout import raw_table
from pipelines.registry import MODEL_FILE, Registry, read_model
from pipelines.release.record import ReleaseRecord
from pipelines.release.recording import RECORD_TAG
from pipelines.release.releases import keep, promoted_records, read_record, release_of, revisions
from pipelines.release.reproduction import REGISTERED, Comparison, outcome, reproduce
from pipelines.steps import assemble, evaluate, train
from tests.integration.small_model import SMALL
from tests.pipelines.months import FEBRUARY, JANUARY, thin

pytestmark = pytest.mark.slow
NAME = SMALL.name


@pytest.fixture
def version(released) -> int:
    """The champion's: the tests share one MLflow, which counts for all of them."""
    return read_candidate(released, NAME, FEBRUARY.as_of).version


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


def made_again(store, release, registry=None):
    return reproduce(store, registry or Registry(tracking_uri()), release, report=print)


def unequal(found) -> list[str]:
    return [comparison.what for comparison in found.comparisons if not comparison.equal]


def changed(release: ReleaseRecord, *path: str, value) -> ReleaseRecord:
    """The record with one place of its JSON set to another value."""
    content = release.content()
    place = content
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return ReleaseRecord.model_validate_json(json.dumps(content))


def state(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def test_a_release_is_reproduced_to_the_byte_and_nothing_is_written(released, version, home):
    before = state(home)
    found = made_again(released, release_of(released, NAME, version))
    assert found.outcome == "identical" and unequal(found) == []
    assert [comparison.what for comparison in found.comparisons] == [
        "features",
        "training set",
        "recipe",
        "rounds",
        "model bytes",
        "held-out predictions",
    ]
    assert not [why for why in found.reasons if not why.startswith("other code")]
    assert state(home) == before


def test_a_table_corrected_since_does_not_hinder(released, year, flights, version):
    shorter = thin(year, JANUARY).slice(0, 300)
    released.replace_partition(raw_table("flights", "flights"), shorter, "2013-01")
    assert made_again(released, release_of(released, NAME, version)).outcome == "identical"


def test_a_joined_file_changed_after_the_training_is_named(released, version):
    release = release_of(released, NAME, version)
    path = release.data.partitions[0].joined.path
    released.write_parquet(path, released.read_parquet(path).slice(0, 300))
    found = made_again(released, release)
    assert found.outcome == "identical", "the record alone is enough"
    assert f"{path} was changed in the store after the training" in found.reasons


def test_a_joined_file_changed_before_the_training_is_not_reproduced(released, version, registry):
    path = release_of(released, NAME, version).data.partitions[0].joined.path
    rows = released.read_parquet(path)
    released.write_parquet(path, rows.take(list(range(0, rows.num_rows, 2))))
    assemble.run(SMALL, FEBRUARY, released)
    train.run(SMALL, FEBRUARY, released, registry)
    evaluate.run(SMALL, FEBRUARY, released, registry)
    tampered = read_candidate(released, NAME, FEBRUARY.as_of).version
    found = made_again(released, release_of(released, NAME, tampered))
    assert found.outcome == "different"
    assert unequal(found)[:2] == ["training set", "joined 2013-01"] and "model bytes" in unequal(found)
    assert "NOT reproduced: training set, joined 2013-01" in found.sentence


def test_other_parameters_than_the_models_are_found(released, version):
    lied = changed(release_of(released, NAME, version), "spec", "training", "parameters", "eta", value=0.3)
    found = made_again(released, lied)
    assert found.outcome == "different"
    assert {"recipe", "model bytes", "held-out predictions"} <= set(unequal(found))
    assert "training set" not in unequal(found) and "features" not in unequal(found)


@pytest.fixture
def same_model_in_other_bytes(version, registry, tmp_path) -> Path:
    """The registered model's folder, its Booster with a note in it."""
    folder = registry.download(NAME, version, tmp_path)
    booster = read_model(folder).booster
    booster.set_attr(note="the same trees")
    booster.save_model(folder / MODEL_FILE)
    return folder


class OneFolder:
    """A registry that has one model, or does not answer."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def download(self, model: str, version: int, folder: Path) -> Path:
        if self.folder is None:
            raise Unavailable("MLflow does not answer")
        return self.folder


def test_other_bytes_are_a_reproduction_only_if_the_registered_model_answers_alike(
    released, version, same_model_in_other_bytes
):
    release, folder = release_of(released, NAME, version), same_model_in_other_bytes
    digest = hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest()
    assert digest != release.training.model_digest
    noted = changed(release, "training", "model_digest", value=digest)
    alike = made_again(released, noted, OneFolder(folder))
    assert alike.outcome == "equivalent" and unequal(alike) == ["model bytes"]
    another = made_again(released, changed(release, "training", "model_digest", value="0" * 64), OneFolder(folder))
    assert another.outcome == "different" and unequal(another) == ["model bytes", REGISTERED]
    away = made_again(released, noted, OneFolder(None))
    assert away.outcome == "unproven" and "is not shown to be reproduced" in away.sentence
    assert f"{REGISTERED}: not compared, MLflow does not answer" in [str(one) for one in away.comparisons]


@pytest.mark.parametrize("what", ["training set", "recipe", "rounds", "held-out predictions", REGISTERED])
def test_predictions_alone_do_not_make_an_equivalent(what):
    all_but_bytes = ["training set", "recipe", "rounds", "held-out predictions", REGISTERED]
    assert outcome(compared(all_but_bytes, but=[])) == "equivalent"
    assert outcome(compared(all_but_bytes, but=[what])) == "different"


def compared(names: list[str], but: list[str]) -> list[Comparison]:
    """Of other bytes, all names equal but some."""
    return [Comparison("model bytes", False, "", "")] + [Comparison(name, name not in but, "", "") for name in names]


def test_another_environment_is_named(released, version):
    release = changed(release_of(released, NAME, version), "provenance", "environment", "lock", value="0" * 64)
    found = made_again(released, changed(release, "features", "code", value="1" * 64))
    assert any(why.startswith("other environment, lock: 000000000000 -> ") for why in found.reasons)
    assert any(why.startswith("other features, code that builds them: 111111111111 -> ") for why in found.reasons)


def test_a_spec_of_another_code_names_the_commit(released, version):
    release = changed(release_of(released, NAME, version), "spec", "training", "booster", value="dart")
    commit = release.provenance.code.commit
    with pytest.raises(CallerError, match=f"Extra inputs are not permitted.* reproduce there: {commit}"):
        made_again(released, release)


def test_a_training_that_was_recorded_before_it_was_cut_into_chunks_names_the_commit(released, version):
    content = release_of(released, NAME, version).content()
    del content["spec"]["training"]["chunk_rounds"], content["spec"]["training"]["checkpoint_s"]
    before = ReleaseRecord.model_validate_json(json.dumps(content))
    with pytest.raises(CallerError, match=r"training says nothing of chunk_rounds\)\. Check out the commit"):
        made_again(released, before)


def test_a_raw_version_that_is_gone_is_named(released, version):
    release = release_of(released, NAME, version)
    table = raw_table("flights", "flights")
    for part in release.data.partitions:
        rows = released.read(table, part=part.part)
        released.replace_partition(table, rows.slice(0, 300), part.part)
    DeltaTable(released.location(table)).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)
    with pytest.raises(MissingInput, match=r"2013-01 of raw/flights/flights at version \d, which cannot be read"):
        made_again(released, release)
    shutil.rmtree(released.location(table))
    with pytest.raises(MissingInput, match=r"cannot be read any more .* Put the table's files back from a backup"):
        made_again(released, release)


def test_mlflow_shows_the_record_and_its_digest(released, version, registry):
    (sealed,) = promoted_records(released, NAME, version)
    tags = registry.client.get_model_version(NAME, str(version)).tags
    assert tags[RECORD_TAG] == sealed.digest == release_of(released, NAME, version).digest
    logged = {file.path for file in registry.client.list_artifacts(sealed.run_id, "release_record")}
    promoted = f"promoted-from-2013-03-01-{sealed.digest[:12]}.json"
    assert logged == {"release_record/r001.json", f"release_record/{promoted}"}


def test_evaluating_again_adds_no_revision_and_another_champion_does(released, version, registry):
    evaluate.run(SMALL, FEBRUARY, released, registry)
    assert len(revisions(released, NAME, version)) == 1
    made = read_candidate(released, NAME, FEBRUARY.as_of)
    told = {"version": version, "run_id": made.run_id, "trained_until": "2013-02-01T00:00:00+00:00", "evaluation": ""}
    record(released, Event(PROMOTION, NAME, JANUARY.as_of, told, number=99))
    evaluate.run(SMALL, FEBRUARY, released, registry)
    assert read_record(released, NAME, version).evaluation.champion_version == version
    assert [one.revision for one in revisions(released, NAME, version)] == [1, 2]


def test_a_recipe_changed_since_the_training_is_not_recorded(released, registry):
    training = SMALL.training.model_copy(update={"seed": 99})
    with pytest.raises(CallerError, match=r"the spec's \[training\] was changed after version \d+ was trained"):
        evaluate.run(SMALL.model_copy(update={"training": training}), FEBRUARY, released, registry)


def test_the_commands_answer_by_exit_code_and_in_json(released, version, command):
    ran = command("reproduce", NAME, str(version), "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["outcome"] == "identical" and "building the features of 2013-01" in ran.stderr
    lied = changed(read_record(released, NAME, version), "spec", "training", "seed", value=99)
    keep(released, lied.model_copy(update={"version": version + 1000}))
    ran = command("reproduce", NAME, str(version + 1000))
    assert ran.returncode == 2 and "is NOT reproduced" in ran.stdout
    ran = command("diff", NAME, str(version), str(version + 1000))
    assert ran.returncode == 0 and ran.stdout.splitlines()[2:] == ["parameters", "  training.seed: 13 -> 99"]
    ran = command("record", NAME, str(version))
    assert ran.returncode == 0 and "promoted  in force from 2013-03-01" in ran.stdout
    ran = command("card", NAME, str(version))
    assert ran.returncode == 0 and ran.stdout.startswith(f"# {NAME} · version {version}")
