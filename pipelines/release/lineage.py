"""What produced one prediction: from its row in the log back to the source's partitions, the code and the approver.

Reads the store alone and none of the ML libraries, so that the answer is there in a second or two.
"""

import hashlib
import json
from typing import Any

import pyarrow.dataset as ds

from pipelines.champions import champion_as_of
from pipelines.dataset import backfill_command, code
from pipelines.errors import MissingInput, Tampered
from pipelines.features import declared_views
from pipelines.interval import Interval, partition_interval
from pipelines.journal import Event, everything, select
from pipelines.layout import (
    evaluation_page,
    join_inputs,
    joined_folder,
    predictions_manifest,
    predictions_table,
    raw_table,
    validation_page,
)
from pipelines.prediction_log import read_log
from pipelines.release.record import ReleaseRecord
from pipelines.release.releases import release_of
from pipelines.spec import DatasetSpec, ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.voids import void_partitions


def trace(store: Store, spec: ModelSpec, key: str) -> dict[str, Any]:
    """The chain behind the prediction of the row with that key, as JSON.

    Raises MissingInput, with the partitions that were searched and the next command, when no prediction of
    that key is logged.
    """
    dataset = find_dataset(spec.dataset)
    row = _logged(store, spec, dataset, key)
    release = release_of(store, spec.name, row["model_version"])
    said = everything(store)
    checks = {event.content["part"]: event for event in select(said, "validation", dataset.name)}
    return {
        "model": spec.name,
        "prediction": _prediction(store, spec, dataset, row),
        "scored_from": _scored_from(store, spec, dataset, row["part"], checks),
        "release": _release(store, release),
        "training_set": _training_set(store, release, checks),
    }


def _logged(store: Store, spec: ModelSpec, dataset: DatasetSpec, key: str) -> dict[str, Any]:
    table, schema = predictions_table(spec.name), code(dataset.name, "schema")
    if store.version(table) is None:
        raise MissingInput(
            f"{spec.name}: nothing was ever scored in the store {store.uri}. "
            f"Score a partition: python -m pipelines backfill {spec.name}__predict --start … --end …"
        )
    found: list[dict[str, Any]] = store.select(table, ds.field(schema.KEY) == key).to_pylist()
    if found:
        return found[0]
    searched = store.parts(table)
    told = f"{spec.name}: no prediction of {schema.KEY} '{key}' is logged; searched: {_spans(searched)}."
    main = raw_table(dataset.name, schema.MAIN_TABLE)
    rows = store.select(main, ds.field(schema.KEY) == key).to_pylist() if store.version(main) is not None else []
    if rows:
        part = rows[0]["part"]
        command = backfill_command(f"{spec.name}__predict", partition_interval(part, dataset.partition))
        again = " again" if part in searched else ""
        raise MissingInput(f"{told} The row is in {part} of {main}; score that partition{again}: {command}")
    example = store.read(table, part=searched[-1]).slice(0, 1).to_pylist()[0][schema.KEY] if searched else "none"
    raise MissingInput(f"{told} {main} has no such row either; a {schema.KEY} looks like '{example}'")


def _spans(parts: list[str]) -> str:
    return f"{parts[0]} to {parts[-1]} ({len(parts)} partitions)" if len(parts) > 2 else ", ".join(parts) or "nothing"


def _prediction(store: Store, spec: ModelSpec, dataset: DatasetSpec, row: dict[str, Any]) -> dict[str, Any]:
    schema = code(dataset.name, "schema")
    views = [view.time_column for view in declared_views(dataset.name) if view.entities]
    state, why = _state(store, spec, partition_interval(row["part"], dataset.partition), row)
    return {
        "key": row[schema.KEY],
        "partition": row["part"],
        "score": row["score"],
        "row_at": row[schema.TIME].isoformat(),
        "predicted_as_of": row["predict_at"].isoformat(),
        "features_of": {name.removesuffix("_at"): row[name].isoformat() if row[name] else None for name in views},
        "model_version": row["model_version"],
        "state": state,
        "why": why,
    }


def _state(store: Store, spec: ModelSpec, interval: Interval, row: dict[str, Any]) -> tuple[str, str | None]:
    """Whether anybody may rely on it: valid, tampered, void, or superseded by another champion; and why not."""
    try:
        read_log(spec, store, row["part"])
    except Tampered as forged:
        return "tampered", str(forged)
    again = f"score it again: {backfill_command(f'{spec.name}__predict', interval)}"
    for void in void_partitions(spec, store):
        if void.scored.part == row["part"]:
            return "void", f"{void.reason} ({void.by}); {again}"
    champion = champion_as_of(store, spec.name, interval.start)
    if champion is None or champion.version != row["model_version"]:
        now = "no version" if champion is None else f"version {champion.version}"
        return "superseded", f"{now} is the champion of {row['part']} now; {again}"
    return "valid", None


def _scored_from(
    store: Store, spec: ModelSpec, dataset: DatasetSpec, part: str, checks: dict[str, Event]
) -> dict[str, Any]:
    """The joined file that was scored and the raw rows behind it; without a path where the file is gone."""
    manifest = predictions_manifest(spec.name, part)
    digest = json.loads(store.read_file(manifest))["joined"] if store.exists(manifest) else "not recorded"
    found: dict[str, Any] = {"partition": part, "joined": {"path": None, "digest": digest}, "tables": {}}
    for name in store.list_files(joined_folder(dataset.name), ".parquet"):
        path = f"{joined_folder(dataset.name)}/{name}.parquet"
        same = name.startswith(f"{part}-") and hashlib.sha256(store.read_file(path)).hexdigest() == digest
        if same and store.exists(join_inputs(path)):
            tables = json.loads(store.read_file(join_inputs(path)))["tables"]
            found["joined"]["path"] = path
            found["tables"] = {raw_table(dataset.name, table): rows for table, rows in tables.items()}
    digests = {name.rpartition("/")[2]: rows["digest"] for name, rows in found["tables"].items()}
    return found | {"source": dataset.source, "validation": _validation(store, dataset.name, part, digests, checks)}


def _validation(
    store: Store, dataset: str, part: str, digests: dict[str, str], checks: dict[str, Event]
) -> dict[str, Any]:
    """What the contract said of those rows: its last verdict, or that it has judged other rows since."""
    event, page = checks.get(part), store.location(validation_page(dataset, part))
    if event is None:
        return {"status": "none journalled", "reasons": [], "page": None}
    if event.content["digests"] != digests:
        return {"status": "passed; other rows were validated since", "reasons": [], "page": page}
    return {"status": event.content["status"], "reasons": event.content["reasons"], "page": page}


def _release(store: Store, release: ReleaseRecord) -> dict[str, Any]:
    judged, training = release.evaluation, release.training
    return {
        "version": release.version,
        "as_of": release.as_of,
        "record": release.digest,
        "model_digest": training.model_digest,
        "mlflow_run": release.run_id,
        "recipe": training.key,
        "rounds": training.rounds,
        "features": release.features.model_dump(),
        "code": release.provenance.code.model_dump() if release.provenance else None,
        "environment": release.provenance.environment.model_dump() if release.provenance else None,
        "evaluation": {
            "verdict": judged.verdict,
            "sentence": judged.sentence,
            "digest": judged.digest,
            "page": store.location(evaluation_page(release.model, release.version)),
        },
        "approval": release.approval,
        "promotion": release.promotion,
    }


def _training_set(store: Store, release: ReleaseRecord, checks: dict[str, Event]) -> dict[str, Any]:
    data, dataset = release.data, release.dataset.spec
    partitions = []
    for one in data.partitions:
        digests = {name.rpartition("/")[2]: rows.digest for name, rows in one.tables.items()}
        partitions.append(
            {
                "partition": one.part,
                "rows": one.rows,
                "joined": one.joined.model_dump(),
                "tables": {name: rows.model_dump() for name, rows in one.tables.items()},
                "source": dataset["source"],
                "validation": _validation(store, dataset["name"], one.part, digests, checks),
            }
        )
    return {"digest": data.training_set, "dataset": dataset["name"], "rows": data.rows, "partitions": partitions}
