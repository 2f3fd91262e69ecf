"""Compose a candidate's release record at its evaluation, seal it at its promotion, and show both in MLflow."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.approval import APPROVAL
from pipelines.candidate import Candidate
from pipelines.champions import Champion, promotions
from pipelines.dataset import code
from pipelines.errors import CallerError, MissingInput
from pipelines.features import FeatureView, declared_views
from pipelines.gates.evaluation import Evaluation
from pipelines.joined import JoinedPartition
from pipelines.journal import events, everything
from pipelines.layout import join_inputs, raw_table
from pipelines.registry import Registry
from pipelines.release.differences import Change, differences
from pipelines.release.provenance import Cost, Provenance
from pipelines.release.record import (
    Data,
    DatasetDeclared,
    FeatureDefinitions,
    FeatureFile,
    FeaturePartition,
    Figure,
    JoinedFile,
    Judged,
    RawRows,
    ReleaseRecord,
    TrainedPartition,
    Training,
    digest_of_json,
)
from pipelines.release.releases import keep_answered, keep_promoted, read_record, release_of, revisions
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import TrainingSet, read_kept
from pipelines.walk_forward import candidate_key

RECORD_TAG = "trainyard.release_record"
ARTIFACTS = "release_record"


def compose(store: Store, spec: ModelSpec, made: Candidate, judged: Evaluation) -> ReleaseRecord:
    """The record of a candidate as it was judged; nothing is written.

    Raises CallerError when the spec's recipe is not the one that the candidate was trained by, MissingInput
    when its training set, or what a joined file was made from, is not kept in the store.
    """
    manifest = read_kept(store, spec.name, made.training_set)
    if candidate_key(spec, manifest) != made.key:
        raise CallerError(
            f"{spec.name}: the spec's [training] was changed after version {made.version} was trained by it; "
            "nothing was recorded. Run the train step of this interval again"
        )
    declared, dataset = spec.model_dump(mode="json"), find_dataset(spec.dataset).model_dump(mode="json")
    return ReleaseRecord(
        format=1,
        model=spec.name,
        version=made.version,
        revision=1,
        as_of=made.as_of,
        run_id=made.run_id,
        spec=declared,
        spec_digest=digest_of_json(declared),
        dataset=DatasetDeclared(spec=dataset, spec_digest=digest_of_json(dataset)),
        data=_data(store, spec.dataset, manifest),
        features=feature_definitions(spec.dataset, manifest.features),
        training=Training(
            key=made.key,
            rounds=made.rounds,
            seed=spec.training.seed,
            model_digest=made.model_digest,
            scores_digest=made.scores_digest,
            walk_forward=made.walk_forward,
        ),
        provenance=Provenance.model_validate(made.provenance) if made.provenance else None,
        cost=Cost.model_validate(made.cost) if made.cost else None,
        evaluation=_judged(judged),
    )


def changes_since(store: Store, champion: Champion | None, candidate: ReleaseRecord) -> list[Change]:
    """From the champion's release to the candidate's; none for a first candidate, or where the champion was
    evaluated before records were kept."""
    if champion is None or not revisions(store, candidate.model, champion.version):
        return []
    return differences(release_of(store, candidate.model, champion.version).content(), candidate.content())


def seal(store: Store, model: str, version: int) -> ReleaseRecord:
    """The version's record with its last promotion and the approval of it, written once.

    Raises MissingInput when it was never promoted, or has no record of the evaluation that promoted it.
    """
    found = [one for one in promotions(everything(store), model) if one.champion.version == version]
    if not found:
        raise MissingInput(f"{model}: version {version} was never promoted; there is nothing to seal")
    promotion = found[-1]
    judged = [
        one for one in revisions(store, model, version) if one.evaluation.digest == promotion.content.get("evaluation")
    ]
    told = {key: value for key, value in promotion.content.items() if key != "approval"}
    return keep_promoted(
        store,
        judged[-1] if judged else read_record(store, model, version),
        {"effective_from": promotion.champion.effective_from.isoformat(), **told},
        promotion.content.get("approval"),
        promotion.number,
    )


def seal_and_show(store: Store, registry: Registry, model: str, version: int) -> None:
    """Seal the version's record by its last promotion and show it in MLflow; nothing for a version that was
    evaluated before records were kept, which a promotion or a rollback must not fail for."""
    if revisions(store, model, version):
        log_record(registry, seal(store, model, version))


def seal_answer_and_show(store: Store, registry: Registry | None, model: str, version: int, digest: str) -> None:
    """Seal the record of that evaluation by the journal's answer to it and show it in MLflow; nothing for a
    version that was evaluated before records were kept. registry: None shows it nowhere. digest: of the evaluation."""
    judged = [one for one in revisions(store, model, version) if one.evaluation.digest == digest]
    answers = [
        event
        for event in events(store, APPROVAL, model)
        if (event.content["version"], event.content["evaluation_digest"]) == (version, digest)
    ]
    if judged and answers:
        number = answers[0].number or 0
        sealed = keep_answered(store, judged[-1], answers[0].content, number)
        if registry is not None:
            with registry.reached():
                name = f"{ARTIFACTS}/answered-{number:04}.json"
                registry.client.log_text(sealed.run_id, sealed.to_bytes().decode(), name)


def log_record(registry: Registry, record: ReleaseRecord) -> None:
    """Put the record on the version's run, and its digest on the version."""
    sealed = record.promotion
    # By digest too: a version may take force from one time twice, before and after a rollback.
    promoted = "" if sealed is None else f"promoted-from-{sealed['effective_from'][:10]}-{record.digest[:12]}"
    name = promoted or f"r{record.revision:03}"
    with registry.reached():
        registry.client.log_text(record.run_id, record.to_bytes().decode(), f"{ARTIFACTS}/{name}.json")
        registry.client.set_model_version_tag(record.model, str(record.version), RECORD_TAG, record.digest)


def feature_definitions(dataset: str, names: list[str]) -> FeatureDefinitions:
    """As they are declared and built by the running code."""
    return FeatureDefinitions(
        names=names,
        declarations=digest_of_json([_declaration(view) for view in declared_views(dataset)]),
        code=_features_code(dataset),
    )


def _judged(judged: Evaluation) -> Judged:
    return Judged(
        digest=judged.digest,
        verdict=judged.verdict,
        sentence=judged.sentence,
        champion_version=judged.champion_version,
        attempt=judged.attempt,
        window=list(judged.window),
        rows=judged.rows,
        champion_rows=judged.champion_rows,
        metrics={
            who: {name: Figure(value=one.value, low=one.low, high=one.high) for name, one in of.items()}
            for who, of in judged.metrics.items()
        },
        gates=judged.gates,
    )


def _data(store: Store, dataset: str, manifest: TrainingSet) -> Data:
    made_from = {one.part: _made_from(store, manifest.model, one) for one in manifest.partitions}
    # A later partition's join saw the newest features of an earlier one.
    features = {part: found for inputs in made_from.values() for part, found in inputs["features"].items()}
    return Data(
        first=manifest.partitions[0].part,
        last=manifest.partitions[-1].part,
        rows=sum(one.rows for one in manifest.partitions),
        training_set=manifest.digest,
        partitions=[
            TrainedPartition(
                part=one.part,
                rows=one.rows,
                joined=JoinedFile(path=one.path, digest=one.digest),
                tables=_tables(dataset, made_from[one.part]["tables"]),
            )
            for one in manifest.partitions
        ],
        feature_partitions=[
            FeaturePartition(
                part=part,
                manifest=found["manifest"],
                files={view: FeatureFile(**file) for view, file in found["files"].items()},
                inputs={source: _tables(dataset, tables) for source, tables in found["inputs"].items()},
                missing=found["missing"],
            )
            for part, found in sorted(features.items())
        ],
    )


def _made_from(store: Store, model: str, joined: JoinedPartition) -> dict[str, Any]:
    path = join_inputs(joined.path)
    if not store.exists(path):
        raise MissingInput(
            f"{model}: {store.location(path)} is missing: what {joined.path} was made from is not known. "
            "Run the assemble step again, then train and evaluate"
        )
    found: dict[str, Any] = json.loads(store.read_file(path))
    return found


def _tables(dataset: str, tables: dict[str, dict[str, Any]]) -> dict[str, RawRows]:
    return {raw_table(dataset, name): RawRows(**found) for name, found in tables.items()}


def _declaration(view: FeatureView) -> dict[str, Any]:
    declared = {name: value for name, value in asdict(view).items() if name != "build"}
    return declared | {"ttl": view.ttl.total_seconds()}


def _features_code(dataset: str) -> str:
    """SHA-256 of the dataset's modules that name its columns and build its features."""
    digest = hashlib.sha256()
    for module in (code(dataset, "schema"), code(dataset, "features")):
        assert module.__file__ is not None
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()
