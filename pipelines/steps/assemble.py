"""Join features to labels, point in time, and write the training set's manifest."""

import pandas as pd

from pipelines.dataset import backfill_command, validated_partitions
from pipelines.errors import EmptyWindow, MissingInput
from pipelines.flow import StepResult
from pipelines.gates.columns import require_declared
from pipelines.interval import Interval, part_key, partition_interval, partitions_between
from pipelines.joined import joined_partition
from pipelines.layout import training_set
from pipelines.spec import DatasetSpec, ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import TrainingSet, feature_names, load, require_rows, split_of, stamp


def window(spec: ModelSpec, dataset: DatasetSpec, interval: Interval, validated: list[str]) -> list[str]:
    """Keys of the partitions to train on: whole, validated, before the as-of time, inside the spec's window.

    Raises MissingInput when the newest one is not there, EmptyWindow when there is none at all.
    """
    whole = [
        span for span in partitions_between(interval.start, interval.end, dataset.partition) if span.end <= interval.end
    ]
    first = None
    if spec.training.window_months is not None:
        first = pd.Timestamp(interval.end) - pd.DateOffset(months=spec.training.window_months)
    inside = [
        part
        for part in validated
        if (span := partition_interval(part, dataset.partition)).end <= interval.end
        and (first is None or span.start >= first)
    ]
    newest = part_key(whole[-1].start, dataset.partition) if whole else None
    if newest is not None and newest not in inside:
        raise MissingInput(
            f"{dataset.name}: partition {newest} is missing or in quarantine. "
            f"Backfill it first: {backfill_command(f'{dataset.name}__data', whole[-1])}"
        )
    if not inside:
        raise EmptyWindow(f"{spec.name}: no validated partition of {dataset.name} ends by {interval.end:%F}")
    return inside


def run(spec: ModelSpec, interval: Interval, store: Store) -> StepResult:
    """Write the manifest; digested, so that the same rows give the same training set.

    Raises EmptyWindow when fit, early-stopping or evaluation rows are missing or have one class only.
    """
    require_declared(spec)
    dataset = find_dataset(spec.dataset)
    parts = window(spec, dataset, interval, list(validated_partitions(store, dataset.name)))
    manifest = TrainingSet(
        model=spec.name,
        as_of=interval.as_of.isoformat(),
        features=feature_names(spec),
        target=spec.target.model_dump(),
        partitions=[joined_partition(store, dataset, partition_interval(part, dataset.partition)) for part in parts],
    )
    rows = load(store, spec, manifest, names=[])
    split = split_of(spec, interval.as_of)
    evaluation = rows.between(split.evaluation_from, split.as_of)
    require_rows(rows.between(None, split.early_stopping_from), spec, "fit")
    require_rows(rows.between(split.early_stopping_from, split.evaluation_from), spec, "early stopping")
    require_rows(evaluation, spec, "evaluation")
    path = training_set(spec.name, stamp(interval.as_of))
    store.write_file(path, manifest.to_json().encode())
    return StepResult(
        step="assemble",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{len(rows.label):,} labelled rows from {parts[0]} to {parts[-1]}, "
        f"{len(evaluation.label):,} of them held out for evaluation",
        references={"training_set": path, "digest": manifest.digest},
        figures={"rows": len(rows.label), "evaluation_rows": len(evaluation.label), "features": len(manifest.features)},
    )
