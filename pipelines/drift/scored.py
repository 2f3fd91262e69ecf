"""What was scored: a partition's logged predictions on its rows, by the champion that was in force."""

from datetime import datetime

import pandas as pd

from pipelines.array import Device
from pipelines.champions import Champion, champions
from pipelines.dataset import backfill_command, covered_part
from pipelines.drift.freshness import refuse_future
from pipelines.drift.labels import labels_of, unfinished_windows
from pipelines.drift.reference import partition_before, reference_of, rows_of
from pipelines.drift.revisits import Look, Looks, look_at
from pipelines.drift.windows import Window
from pipelines.errors import CallerError, MissingInput
from pipelines.interval import Interval, part_key
from pipelines.layout import predictions_table
from pipelines.prediction_log import read_log
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import scores_of
from pipelines.voids import refuse_void


def scored_by(spec: ModelSpec, store: Store, interval: Interval) -> tuple[pd.DataFrame, Champion]:
    """The partition's logged predictions, (n, …), and the champion that made them.

    Raises MissingInput when it was not scored, its predictions are void, or their version was not in force then;
    Tampered when they are not those that were scored.
    """
    part = covered_part(find_dataset(spec.dataset), interval)
    if part not in store.parts(predictions_table(spec.name)):
        raise MissingInput(f"{spec.name}: {part} was not scored. Backfill it first: {_score_again(spec, interval)}")
    refuse_void(spec, store, part)
    logged: pd.DataFrame = read_log(spec, store, part).to_pandas()
    version = int(logged["model_version"].iloc[0])
    found = [one for one in champions(store, spec.name, until=interval.start) if one.version == version]
    if not found:
        raise MissingInput(
            f"{spec.name}: the predictions of {interval} come from version {version}, which was not in force then. "
            f"Score it again: {_score_again(spec, interval)}"
        )
    return logged, found[-1]


def window_of(spec: ModelSpec, store: Store, interval: Interval, as_of: datetime, logged: pd.DataFrame) -> Window:
    """The partition's rows as validated now, with the labels known at the time, beside their logged scores."""
    rows, earlier = rows_of(spec, store, [interval], as_of), partition_before(spec, store, interval)
    return Window(
        part=covered_part(find_dataset(spec.dataset), interval),
        interval=interval,
        as_of=as_of,
        rows=rows,
        scores=scores_of(spec, logged, rows)["score"].to_numpy(),
        before=None if earlier is None else rows_of(spec, store, [earlier], as_of),
    )


def look_again(spec: ModelSpec, store: Store, interval: Interval, device: Device) -> Looks:
    """Earlier windows whose labels came or changed since they were last looked at, as of the interval's end.

    One that cannot be read, as its rows are others than were scored, is told of and left to the run that scores it
    again.
    """
    found, refused, granularity = [], {}, find_dataset(spec.dataset).partition
    for earlier in unfinished_windows(spec, store, interval):
        try:
            found.append(_look(spec, store, earlier, interval.as_of, device))
        except CallerError as reason:
            refused[part_key(earlier.start, granularity)] = str(reason)
    return Looks(found, refused)


def _look(spec: ModelSpec, store: Store, earlier: Interval, as_of: datetime, device: Device) -> Look:
    logged, champion = scored_by(spec, store, earlier)
    window = window_of(spec, store, earlier, as_of, logged)
    refuse_future(spec.name, window)
    reference = reference_of(spec, store, champion, earlier, {})
    return look_at(spec, reference, window, labels_of(spec, store, window), device)


def _score_again(spec: ModelSpec, interval: Interval) -> str:
    return backfill_command(f"{spec.name}__predict", interval)
