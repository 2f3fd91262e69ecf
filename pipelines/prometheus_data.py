"""What Prometheus reads of a dataset: how fresh it is, what is missing and what broke its contract."""

import json
from collections import Counter
from collections.abc import Iterator

from pipelines.alerts_spec import longest_period
from pipelines.dataset import VALIDATED
from pipelines.interval import midnight, part_key, partitions_between
from pipelines.journal import Event, select
from pipelines.layout import validation_result
from pipelines.spec import DatasetSpec
from pipelines.store import Store

STATUSES = ("passed", "warning", "failed")
TOLD = {
    "dataset_live": "0 where the dataset declares its end: nothing more is due.",
    "dataset_period_seconds": "The longest period of the dataset's schedule.",
    "dataset_end_timestamp_seconds": "End of the newest partition in force.",
    "dataset_rows": "Rows of the newest partition in force.",
    "dataset_partitions": "Partitions by the newest verdict on them.",
    "dataset_partitions_missing": "Partitions up to the newest in force that are not in force themselves.",
    "dataset_quarantined_rows": "Rows of the partitions in quarantine.",
}
Sample = tuple[str, dict[str, str], float]


def dataset_samples(store: Store, said: list[Event], spec: DatasetSpec) -> Iterator[Sample]:
    """Name without prefix, labels, value. What there is not yet has no sample."""
    own = {"dataset": spec.name}
    yield "dataset_live", own, float(spec.end is None)
    yield "dataset_period_seconds", own, longest_period(spec.schedule).total_seconds()
    verdicts = {event.content["part"]: event.content["status"] for event in select(said, "validation", spec.name)}
    counted = Counter(verdicts.values())
    for status in STATUSES:
        yield "dataset_partitions", {**own, "status": status}, counted[status]
    failed = [part for part, status in verdicts.items() if status == "failed"]
    yield "dataset_quarantined_rows", own, sum(_rows(store, spec.name, part) for part in failed)
    in_force = select(said, VALIDATED, spec.name)
    if in_force:
        newest = in_force[-1]
        yield "dataset_end_timestamp_seconds", own, newest.at.timestamp()
        yield "dataset_rows", own, newest.content["rows"]
        due = partitions_between(midnight(spec.start), newest.at, spec.partition)
        held = {event.content["part"] for event in in_force}
        missing = [one for one in due if part_key(one.start, spec.partition) not in held]
        yield "dataset_partitions_missing", own, len(missing)


def _rows(store: Store, dataset: str, part: str) -> int:
    path = validation_result(dataset, part)
    rows: int = json.loads(store.read_file(path))["rows"] if store.exists(path) else 0
    return rows
