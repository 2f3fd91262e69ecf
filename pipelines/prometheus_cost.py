"""What Prometheus reads of what a model costs and brings: trainings by month, and rows scored."""

import json
from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from typing import Any

from pipelines.interval import Granularity, partition_interval
from pipelines.layout import candidate_version, predictions_manifest
from pipelines.store import Store

MONTHS = 24
TOLD = {
    "trainings": "Candidates whose as-of time lies in the month.",
    "trainings_cpu_seconds": "CPU time of the trainings of the month.",
    "trainings_gpu_seconds": "GPU time of the trainings of the month.",
    "scored_end_timestamp_seconds": "End of the newest scored partition.",
    "scored_rows": "Rows scored by month of their partitions.",
}
Sample = tuple[str, dict[str, str], float]
# Files that are written once, as read: a scrape a minute must not read years of them again from S3.
Kept = MutableMapping[str, dict[str, Any]]


def cost_samples(store: Store, kept: Kept, model: str, partition: Granularity) -> Iterator[Sample]:
    """Name without prefix, labels beside the model's, value; of the newest MONTHS months by as-of time.

    A candidate without figures of its cost counts as a training and adds nothing to it.
    """
    months: dict[str, dict[str, float]] = defaultdict(lambda: {"": 0.0, "_cpu_seconds": 0.0, "_gpu_seconds": 0.0})
    for candidate in _candidates(store, kept, model):
        spent = months[candidate["as_of"][:7]]
        spent[""] += 1
        for unit in ("cpu", "gpu"):
            spent[f"_{unit}_seconds"] += candidate.get("cost", {}).get(f"{unit}_s") or 0.0
    for month in sorted(months)[-MONTHS:]:
        for what, value in months[month].items():
            yield f"trainings{what}", {"month": month}, value
    yield from _scored(store, model, partition)


def _candidates(store: Store, kept: Kept, model: str) -> Iterator[dict[str, Any]]:
    folder = candidate_version(model, 0).rpartition("/")[0]
    for name in store.list_files(folder, ".json"):
        path = f"{folder}/{name}.json"
        if name.startswith("v"):
            if path not in kept:
                # As JSON: the candidate's own module brings MLflow and XGBoost along.
                kept[path] = json.loads(store.read_file(path))
            yield kept[path]


def _scored(store: Store, model: str, partition: Granularity) -> Iterator[Sample]:
    parts = store.list_files(predictions_manifest(model, "").rpartition("/")[0], ".json")
    if parts:
        yield "scored_end_timestamp_seconds", {}, partition_interval(parts[-1], partition).end.timestamp()
    rows: dict[str, int] = defaultdict(int)
    newest = sorted({part[:7] for part in parts})[-MONTHS:]
    for part in parts:
        if part[:7] in newest:
            # Read anew: another champion or other features give a partition another manifest.
            rows[part[:7]] += json.loads(store.read_file(predictions_manifest(model, part)))["rows"]
    for month, count in rows.items():
        yield "scored_rows", {"month": month}, count
