"""What a window is compared with: rows of the declared reference windows, and the champion's own evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from pipelines.champions import Champion
from pipelines.dataset import backfill_command, validated_partitions
from pipelines.drift.held_out import held_out_of
from pipelines.drift.windows import Reference
from pipelines.errors import MissingInput
from pipelines.features import declared_views
from pipelines.gates.evaluations import read_evaluation
from pipelines.interval import Interval, midnight, partition_interval
from pipelines.joined import joined_partition
from pipelines.monitoring_spec import ReferenceWindow
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import Rows, model_rows

YEAR = pd.DateOffset(years=1)


@dataclass(frozen=True)
class ReferenceSpans:
    """spans: oldest first. in_season: all of them are of the window's own season, a year before."""

    spans: list[Interval]
    in_season: bool


def reference_of(
    spec: ModelSpec, store: Store, champion: Champion, interval: Interval, importances: dict[str, float]
) -> Reference:
    """The reference of one window, with the partitions as they are validated now.

    Raises MissingInput when none of its partitions is validated, or the champion was not evaluated.
    """
    kept = read_evaluation(store, spec.name, champion.version)
    if kept is None or not store.exists(kept.scores):
        raise MissingInput(
            f"{spec.name}: version {champion.version} has no {'evaluation' if kept is None else 'held-out scores'} in "
            f"the store, so there is nothing to compare its quality with. Evaluate it again: "
            f"python -m pipelines backfill {spec.name}__train --start … --end {champion.trained_until:%F} "
            "--reprocess completed"
        )
    chosen = reference_spans(spec, store, champion.trained_until, interval)
    return Reference(
        version=champion.version,
        trained_until=champion.trained_until,
        since=champion.effective_from,
        rows=rows_of(spec, store, chosen.spans, interval.as_of),
        held_out=held_out_of(spec, store, champion.version, kept.scores),
        metrics=kept.metrics["candidate"],
        importances=importances,
        in_season=chosen.in_season,
    )


def reference_spans(spec: ModelSpec, store: Store, trained_until: datetime, interval: Interval) -> ReferenceSpans:
    """Partitions of all declared references, oldest first; those that there are not yet are left out.

    With less than a year of history same_season adds none, and where no other reference is declared the
    champion's own training is taken. Raises MissingInput when no partition at all is validated.
    """
    dataset, count = find_dataset(spec.dataset), spec.monitoring.reference_partitions
    known = [partition_interval(part, dataset.partition) for part in validated_partitions(store, spec.dataset)]
    known = [span for span in known if span.end <= interval.start]
    trained = [span for span in known if span.end <= trained_until][-count:]
    found: dict[ReferenceWindow, list[Interval]] = {
        "training": trained,
        "last": known[-count:],
        "same_season": _around(known, _a_year_before(interval), count),
    }
    spans = sorted({span for name in spec.monitoring.reference for span in found[name]} or set(trained))
    if not spans:
        raise MissingInput(
            f"{spec.name}: no partition of {spec.dataset} before {trained_until:%F} is validated, so there is nothing "
            f"to compare {interval} with. Backfill it first: "
            f"{backfill_command(f'{spec.dataset}__data', Interval(midnight(dataset.start), trained_until))}"
        )
    return ReferenceSpans(spans, in_season=set(spans) == set(found["same_season"]))


def rows_of(spec: ModelSpec, store: Store, spans: Sequence[Interval], as_of: datetime) -> Rows:
    """Rows of the partitions together, in their order; labels as known at the time."""
    dataset = find_dataset(spec.dataset)
    joined = [joined_partition(store, dataset, span) for span in spans]
    rows = [model_rows(spec, store.read_parquet(one.path).to_pandas(), as_of) for one in joined]
    return Rows(
        features=pd.concat([one.features for one in rows], ignore_index=True),
        label=np.concatenate([one.label for one in rows]),
        at=pd.concat([one.at for one in rows], ignore_index=True),
        day=np.concatenate([one.day for one in rows]),
        key=pd.concat([one.key for one in rows], ignore_index=True),
    )


def partition_before(spec: ModelSpec, store: Store, interval: Interval) -> Interval | None:
    """The newest validated partition that ends at or before the window's start."""
    granularity = find_dataset(spec.dataset).partition
    ended = validated_partitions(store, spec.dataset, until=interval.start)
    return partition_interval(list(ended)[-1], granularity) if ended else None


def seasonal_columns(dataset: str) -> frozenset[str]:
    return frozenset(name for view in declared_views(dataset) if view.seasonal for name in view.columns())


def _a_year_before(interval: Interval) -> Interval:
    start, end = (pd.Timestamp(moment) - YEAR for moment in (interval.start, interval.end))
    return Interval(start.to_pydatetime(), end.to_pydatetime())


def _around(known: Sequence[Interval], middle: Interval, count: int) -> list[Interval]:
    """The partition of that time and those nearest to it; none without the partition itself."""
    if middle not in known:
        return []
    return sorted(known, key=lambda span: (abs(span.start - middle.start), span.start))[:count]
