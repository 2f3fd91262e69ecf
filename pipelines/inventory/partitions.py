"""A dataset's partitions: in force, with warnings, in quarantine, missing or late."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pipelines.interval import Interval, midnight, part_key, partitions_between
from pipelines.inventory.index import Index
from pipelines.journal import Event, select
from pipelines.layout import validation_page
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.spec_words import Strict

PartitionState = Literal["validated", "warned", "quarantined", "missing", "late"]


class Partition(Strict):
    """start, end: ISO, UTC. rows: in force; None where nothing is. document: path of its validation page."""

    part: str
    start: datetime
    end: datetime
    state: PartitionState
    rows: int | None
    reasons: list[str]
    checked_at: datetime | None
    document: str | None


class DatasetPage(Strict):
    dataset: str
    description: str
    owner: str
    source: str
    granularity: Literal["day", "month"]
    start: datetime
    end: datetime | None
    partitions: list[Partition]
    models: list[str]


class DatasetRow(Strict):
    dataset: str
    owner: str
    newest: str | None
    counts: dict[str, int]


STATES: dict[str, PartitionState] = {"passed": "validated", "warning": "warned", "failed": "quarantined"}


def dataset_page(index: Index, spec: DatasetSpec, models: Sequence[ModelSpec], now: datetime) -> DatasetPage:
    """now: UTC; partitions that are not over by then are not due."""
    return DatasetPage(
        dataset=spec.name,
        description=spec.description,
        owner=spec.owner,
        source=spec.source,
        granularity=spec.partition,
        start=midnight(spec.start),
        end=None if spec.end is None else midnight(spec.end),
        partitions=partitions(index, spec, now),
        models=sorted(model.name for model in models if model.dataset == spec.name),
    )


def dataset_row(index: Index, spec: DatasetSpec, now: datetime) -> DatasetRow:
    known = partitions(index, spec, now)
    in_force = [one.part for one in known if one.state in ("validated", "warned")]
    counts: Counter[str] = Counter(one.state for one in known)
    return DatasetRow(
        dataset=spec.name, owner=spec.owner, newest=in_force[-1] if in_force else None, counts=dict(counts)
    )


def partitions(index: Index, spec: DatasetSpec, now: datetime) -> list[Partition]:
    """All that are due, oldest first. Late is what is missing after the newest in force."""
    said = index.said(spec.name)
    checks = {event.content["part"]: event for event in select(said, "validation", spec.name)}
    rows = {event.content["part"]: event for event in select(said, "validated", spec.name)}
    due = now if spec.end is None else min(now, midnight(spec.end))
    spans = [span for span in partitions_between(midnight(spec.start), due, spec.partition) if span.end <= due]
    newest = max((event.at for event in rows.values()), default=midnight(spec.start))
    return [_partition(spec, span, checks, rows, newest) for span in spans]


def _partition(
    spec: DatasetSpec, span: Interval, checks: dict[str, Event], rows: dict[str, Event], newest: datetime
) -> Partition:
    part = part_key(span.start, spec.partition)
    check, held = checks.get(part), rows.get(part)
    missing: PartitionState = "missing" if span.end <= newest else "late"
    return Partition(
        part=part,
        start=span.start,
        end=span.end,
        state=STATES[check.content["status"]] if check else missing,
        rows=held.content["rows"] if held else None,
        reasons=check.content["reasons"] if check else [],
        checked_at=check.written_at if check else None,
        document=validation_page(spec.name, part) if check else None,
    )
