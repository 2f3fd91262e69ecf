"""A model, a record or a prediction that somebody changed, on a real MLflow and store: refused, and told."""

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.candidate import candidate_of, read_candidate, write_candidate
from pipelines.errors import EXIT_CALLER_ERROR, Tampered
from pipelines.layout import predictions_manifest, predictions_table
from pipelines.registry import ENCODING_FILE, MODEL_FILE, Registry
from pipelines.release.lineage import trace
from pipelines.served_model import load_version
from pipelines.steps import detect_drift, evaluate, predict
from tests.integration.small_model import SMALL
from tests.pipelines.months import FEBRUARY, MARCH

pytestmark = pytest.mark.slow
NAME = SMALL.name
TABLE = predictions_table(NAME)


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


@pytest.fixture
def version(released) -> int:
    return read_candidate(released, NAME, FEBRUARY.as_of).version


@pytest.fixture
def artifact(mlflow_server, registry, version):
    """Finds a file of the version, or of its run, where the server keeps it; put right afterwards."""
    changed: dict[Path, bytes] = {}
    registered = registry.version(NAME, version)

    def find(name: str, folder: str = registered.source.rpartition("/")[2]) -> Path:
        (file,) = (one for one in (mlflow_server.folder / "artifacts").rglob(name) if folder in one.parts)
        changed.setdefault(file, file.read_bytes())
        return file

    yield find
    for file, content in changed.items():
        file.write_bytes(content)


def turned(booster: Path) -> None:
    """The same model with one leaf's sign turned: it loads, and scores otherwise."""
    import xgboost

    content = xgboost.Booster(model_file=str(booster)).save_raw("json")
    told = json.loads(content)
    weights = told["learner"]["gradient_booster"]["model"]["trees"][0]["base_weights"]
    told["learner"]["gradient_booster"]["model"]["trees"][0]["base_weights"] = [-one for one in weights]
    xgboost.Booster(model_file=bytearray(json.dumps(told).encode())).save_model(booster)


def test_a_tampered_model_is_neither_served_nor_watched(released, registry, version, artifact):
    turned(artifact(MODEL_FILE))
    before = released.version(TABLE)
    told = rf"version {version} is not loaded: its model.ubj in MLflow has SHA-256 \w+, its training recorded \w+"
    for step in (predict, detect_drift):
        with pytest.raises(Tampered, match=told) as refused:
            step.run(SMALL, MARCH, released, registry)
        assert refused.value.exit_code == EXIT_CALLER_ERROR
    assert released.version(TABLE) == before


def test_other_categories_than_it_was_trained_with_are_refused(released, registry, version, artifact):
    file = artifact(ENCODING_FILE)
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"categories": {name: of[::-1] for name, of in told["categories"].items()}}))
    with pytest.raises(Tampered, match=r"encoding\.json in MLflow has SHA-256"):
        load_version(released, registry, NAME, version)


def test_a_model_that_was_taken_away_is_refused(released, registry, version, artifact):
    file = artifact(ENCODING_FILE)
    file.unlink()
    with pytest.raises(Tampered, match=r"encoding\.json in MLflow is not there"):
        load_version(released, registry, NAME, version)


def test_a_tampered_evaluated_model_is_not_judged_by(released, registry, version, artifact):
    made = candidate_of(released, NAME, version)
    turned(artifact(MODEL_FILE, made.run_id))
    with pytest.raises(Tampered, match=rf"the evaluated model of run {made.run_id} is not loaded: its model.ubj"):
        registry.load_evaluated(made.run_id, made.evaluated_digests)


def test_a_model_and_its_candidate_changed_alike_are_found_by_the_release_record(released, registry, version):
    made = candidate_of(released, NAME, version)
    write_candidate(released, replace(made, model_digest="0" * 64))
    with pytest.raises(Tampered, match=f"model 000000000000, its release record {made.model_digest[:12]}"):
        load_version(released, registry, NAME, version)


def test_a_version_from_before_encodings_were_recorded_still_loads(released, registry, version):
    made = candidate_of(released, NAME, version)
    write_candidate(released, replace(made, encoding_digest="", evaluated_digests={}))
    assert load_version(released, registry, NAME, version).encoding.columns
    assert registry.load_evaluated(made.run_id, {}).encoding.columns
    assert evaluate.run(SMALL, FEBRUARY, released, registry).figures["version"] == version


def better(rows: pa.Table) -> pa.Table:
    place = rows.schema.get_field_index("score")
    return rows.set_column(place, "score", pc.multiply(rows["score"], 0.5))


@pytest.mark.parametrize(
    "forge", [better, lambda rows: rows.slice(1), lambda rows: pa.concat_tables([rows, rows.slice(0, 1)])]
)
def test_a_forged_prediction_log_is_refused_by_the_monitor_and_told_by_trace(released, registry, forge):
    rows = released.read(TABLE, part="2013-03")
    key = rows["flight_id"][1].as_py()
    released.replace_partition(TABLE, forge(rows), "2013-03")
    with pytest.raises(Tampered, match=r"predictions of 2013-03 are not those that were scored.*__predict --start"):
        detect_drift.run(SMALL, MARCH, released, registry)
    said = trace(released, SMALL, key)["prediction"]
    assert said["state"] == "tampered" and "are not those that were scored" in said["why"]

    predict.run(SMALL, MARCH, released, registry)
    assert trace(released, SMALL, key)["prediction"]["state"] == "valid"


def test_predictions_without_their_manifest_are_refused(released, registry):
    released.delete(predictions_manifest(NAME, "2013-03"))
    with pytest.raises(Tampered, match=r"predictions of 2013-03 are not those .* is not there"):
        detect_drift.run(SMALL, MARCH, released, registry)
