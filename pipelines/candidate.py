"""A candidate: the registered version that nothing serves yet, and what MLflow is told about it."""

import hashlib
import json
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import MissingInput
from pipelines.estimators import Model, score
from pipelines.interval import parse_time
from pipelines.layout import candidate, candidate_version
from pipelines.registry import ENCODING_FILE, EVALUATED_FOLDER, KEY_TAG, MODEL_FILE, Registry
from pipelines.release.provenance import Cost, Provenance
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import TrainingSet, stamp

# MLflow's own limit on the metrics of one call.
BATCH = 1000


@dataclass(frozen=True)
class Candidate:
    """model_digest: SHA-256 of the registered Booster's UBJSON; scores_digest: of the held-out scores.

    walk_forward: files of the held-out scores, newest window first; those of the older windows come from
    models of the same recipe, each fitted before its window. provenance, cost: of the training that made
    it, as `pipelines.release.provenance` has them; empty for one that was trained before they were kept, like
    encoding_digest, SHA-256 of the registered encoding, and evaluated_digests, of the files of the evaluated model.
    """

    model: str
    as_of: str
    version: int
    run_id: str
    key: str
    rounds: int
    training_set: str
    model_digest: str
    scores_digest: str
    walk_forward: list[str]
    provenance: dict[str, Any] = field(default_factory=dict)
    cost: dict[str, float | None] = field(default_factory=dict)
    encoding_digest: str = ""
    evaluated_digests: dict[str, str] = field(default_factory=dict)

    @property
    def digests(self) -> dict[str, str]:
        """Of the registered files, by name."""
        known = {ENCODING_FILE: self.encoding_digest} if self.encoding_digest else {}
        return {MODEL_FILE: self.model_digest, **known}

    @property
    def scores(self) -> str:
        """The file of the newest window's scores."""
        return self.walk_forward[0]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, content: bytes) -> "Candidate":
        return cls(**json.loads(content))


def read_candidate(store: Store, model: str, as_of: Any) -> Candidate:
    """Raises MissingInput when nothing was trained as of the time."""
    path = candidate(model, stamp(as_of))
    if not store.exists(path):
        raise MissingInput(f"{model}: no candidate as of {as_of:%F}. Run the train step of that interval first")
    return Candidate.from_json(store.read_file(path))


def candidate_of(store: Store, model: str, version: int) -> Candidate:
    """Raises MissingInput when no such version was trained into this store."""
    path = candidate_version(model, version)
    if not store.exists(path):
        raise MissingInput(f"{model}: version {version} was not trained into the store {store.uri}")
    return Candidate.from_json(store.read_file(path))


def write_candidate(store: Store, made: Candidate) -> str:
    """Under its version and under its as-of time; the latter's path."""
    path = candidate(made.model, stamp(parse_time(made.as_of)))
    store.write_file(candidate_version(made.model, made.version), made.to_json().encode())
    store.write_file(path, made.to_json().encode())
    return path


@dataclass(frozen=True)
class Trained:
    """What a training has to show. refitted: the one that is registered; evaluated: the one that never saw
    the evaluation months. example: encoded rows (k, columns). curve: the holdout's metric by round."""

    manifest: TrainingSet
    key: str
    refitted: Model
    evaluated: Model
    example: np.ndarray
    metrics: dict[str, float]
    curve: tuple[str, list[float]]
    importances: dict[str, float]
    rounds: int
    scores_digest: str
    walk_forward: list[str]
    provenance: Provenance
    cost: Cost


def log_candidate(registry: Registry, spec: ModelSpec, trained: Trained) -> Candidate:
    """Log one run with everything that made the model, and register a version of it.

    A version of the same key is found again, not made twice, also after a kill between the two calls.
    """
    manifest, client = trained.manifest, registry.client
    with registry.reached():
        _end_abandoned_runs(client, spec.name, trained.key)
        tags = {KEY_TAG: trained.key, "trainyard.as_of": manifest.as_of}
        experiment = _experiment(client, spec.name)
        run_id = client.create_run(experiment, run_name=f"as of {manifest.as_of[:10]}", tags=tags).info.run_id
        _log_figures(client, run_id, spec, trained)
        _log_inputs(client, run_id, manifest)
        client.log_dict(run_id, trained.importances, "importances.json")
        client.log_text(run_id, manifest.to_json(), "training_set.json")
        # Last, for logging a model ends the run: one that was left half way is not to look finished.
        model_id = _log_models(client, run_id, trained)
        client.set_terminated(run_id)
        version = registry.find_candidate(spec.name, trained.key)
        if version is None:
            version = registry.register(spec.name, model_id, run_id, tags)
    return Candidate(
        model=spec.name,
        as_of=manifest.as_of,
        version=int(version.version),
        run_id=version.run_id,
        key=trained.key,
        rounds=trained.rounds,
        training_set=manifest.digest,
        model_digest=booster_digest(trained.refitted.booster),
        scores_digest=trained.scores_digest,
        walk_forward=trained.walk_forward,
        provenance=trained.provenance.model_dump(),
        cost=trained.cost.model_dump(),
        encoding_digest=_encoding_digest(trained.refitted),
        evaluated_digests={
            MODEL_FILE: booster_digest(trained.evaluated.booster),
            ENCODING_FILE: _encoding_digest(trained.evaluated),
        },
    )


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _end_abandoned_runs(client: Any, model: str, key: str) -> None:
    """A run that a killed step left open is closed, so that nobody waits for it."""
    found = client.get_experiment_by_name(model)
    if found is None:
        return
    query = f"tags.`{KEY_TAG}` = '{key}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([found.experiment_id], query):
        client.set_terminated(run.info.run_id, "KILLED")


def _log_figures(client: Any, run_id: str, spec: ModelSpec, trained: Trained) -> None:
    from mlflow.entities import Metric, Param

    training = spec.training.model_dump(exclude={"parameters", "baselines"}) | spec.training.parameters.model_dump()
    params = [Param(name, str(value)) for name, value in sorted(training.items())]
    client.log_batch(run_id, params=params)
    name, curve = trained.curve
    figures = [Metric(metric, float(value), 0, 0) for metric, value in trained.metrics.items()]
    figures += [Metric(f"holdout_{name}", float(value), 0, step) for step, value in enumerate(curve)]
    for at in range(0, len(figures), BATCH):
        client.log_batch(run_id, metrics=figures[at : at + BATCH])


def _log_inputs(client: Any, run_id: str, manifest: TrainingSet) -> None:
    from mlflow.entities import Dataset, DatasetInput

    inputs = [
        Dataset(name=f"{manifest.model} {part.part}", digest=part.digest[:36], source_type="store", source=part.path)
        for part in manifest.partitions
    ]
    client.log_inputs(run_id, [DatasetInput(dataset=dataset) for dataset in inputs])


def _log_models(client: Any, run_id: str, trained: Trained) -> str:
    """Both Boosters, the registered one as an MLflow model; its MLflow id."""
    import mlflow
    import pandas as pd
    import xgboost
    from mlflow.models import infer_signature

    model = trained.refitted
    example = pd.DataFrame(trained.example, columns=model.encoding.columns)
    output = score(model.booster, model.encoding, trained.example)
    with tempfile.TemporaryDirectory() as folder:
        encoding, booster = Path(folder) / ENCODING_FILE, Path(folder) / MODEL_FILE
        encoding.write_text(trained.evaluated.encoding.to_json())
        trained.evaluated.booster.save_model(booster)
        client.log_artifacts(run_id, folder, EVALUATED_FOLDER)
        encoding.write_text(model.encoding.to_json())
        with mlflow.start_run(run_id=run_id):
            logged = mlflow.xgboost.log_model(
                model.booster,
                name="model",
                model_format="ubj",
                signature=infer_signature(example, output),
                input_example=example,
                extra_files=[str(encoding)],
                pip_requirements=[f"xgboost=={xgboost.__version__}"],
            )
    return str(logged.model_id)


def booster_digest(booster: Any) -> str:
    """SHA-256 of the Booster's UBJSON, as it is registered."""
    return hashlib.sha256(booster.save_raw("ubj")).hexdigest()


def _encoding_digest(model: Model) -> str:
    return hashlib.sha256(model.encoding.to_json().encode()).hexdigest()
