"""Predictions that nobody may rely on any more, by the journal, until they are scored anew.

A partition is void while its predictions are the very ones that were marked: scored again by another
version, or on mended features, they are others, and the mark says nothing of them. Those of a version that was
withdrawn from a time before the partition are void without a mark: a run that began before the withdrawal may have
written them after it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.champions import withdrawals
from pipelines.dataset import backfill_command
from pipelines.errors import MissingInput
from pipelines.interval import Interval, partition_interval
from pipelines.journal import Event, everything, numbered, record_decided, select
from pipelines.layout import predictions_manifest
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

VOID = "void"


@dataclass(frozen=True)
class ScoredPartition:
    """A partition's predictions. digest: of their rows, the version's number among them."""

    part: str
    interval: Interval
    version: int
    digest: str


@dataclass(frozen=True)
class Void:
    """Why and by whom the partition's predictions were marked, or their version withdrawn."""

    scored: ScoredPartition
    reason: str
    by: str


def scored_partitions(spec: ModelSpec, store: Store, start: datetime, end: datetime | None) -> list[ScoredPartition]:
    """The partitions of [start, end) with complete predictions, oldest first; end None: without end."""
    granularity, found = find_dataset(spec.dataset).partition, []
    for part in store.list_files(predictions_manifest(spec.name, "").rpartition("/")[0], ".json"):
        interval = partition_interval(part, granularity)
        if interval.start >= start and (end is None or interval.end <= end):
            told = json.loads(store.read_file(predictions_manifest(spec.name, part)))
            found.append(ScoredPartition(part, interval, told["model_version"], told["digest"]))
    return sorted(found, key=lambda one: one.interval)


def void_events(model: str, marked: Sequence[ScoredPartition], reason: str, by: str) -> list[Event]:
    """One for each partition, still to be numbered."""
    return [Event(VOID, model, one.interval.end, _content(one, reason, by)) for one in marked]


def _content(scored: ScoredPartition, reason: str, by: str) -> dict[str, Any]:
    return {"part": scored.part, "version": scored.version, "digest": scored.digest, "reason": reason, "by": by}


def mark_void(spec: ModelSpec, store: Store, marked: Sequence[ScoredPartition], reason: str, by: str) -> list[str]:
    """Journal the partitions as void; keys of those that were not already."""

    def decide(said: list[Event]) -> list[Event]:
        known = {(event.content["part"], event.content["digest"]) for event in select(said, VOID, spec.name)}
        new = [one for one in marked if (one.part, one.digest) not in known]
        return numbered(said, void_events(spec.name, new, reason, by))

    return [event.content["part"] for event in record_decided(store, decide)]


def void_partitions(spec: ModelSpec, store: Store) -> list[Void]:
    """What is void now, oldest first."""
    said, granularity = everything(store), find_dataset(spec.dataset).partition
    marks = {(event.content["part"], event.content["digest"]): event for event in select(said, VOID, spec.name)}
    withdrawn = withdrawals(said, spec.name)
    starts = [partition_interval(part, granularity).start for part, _ in marks]
    starts += [gone.since for gone in withdrawn.values()]
    if not starts:
        return []
    found = []
    for one in scored_partitions(spec, store, min(starts), None):
        mark, gone = marks.get((one.part, one.digest)), withdrawn.get(one.version)
        if mark is not None:
            found.append(Void(one, mark.content["reason"], mark.content["by"]))
        elif gone is not None and gone.since <= one.interval.start:
            found.append(Void(one, f"version {gone.version} was withdrawn: {gone.reason}", gone.by))
    return found


def rescore_command(model: str, marked: Sequence[ScoredPartition]) -> str:
    """The backfill that scores all of them again."""
    return backfill_command(f"{model}__predict", Interval(marked[0].interval.start, marked[-1].interval.end))


def refuse_void(spec: ModelSpec, store: Store, part: str) -> None:
    """Raises MissingInput with the command that scores the partition again while its predictions are void."""
    for void in void_partitions(spec, store):
        if void.scored.part == part:
            raise MissingInput(
                f"{spec.name}: the predictions of {part}, by version {void.scored.version}, are void: {void.reason} "
                f"({void.by}). Score it again: {rescore_command(spec.name, [void.scored])}"
            )
