"""What all policies are replayed over: the windows, and every model's scores of each window after its training.

Window k is served by the model that was trained as of its start, or by an earlier one: by fit k, or one before it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Protocol

import numpy as np

from pipelines.backtest.fits import Fit, KeptFits
from pipelines.dataset import code, validated_partitions
from pipelines.errors import CallerError
from pipelines.gates.comparison import Comparison, compare
from pipelines.interval import Interval, partition_interval, partitions_between
from pipelines.joined import JoinedPartition, joined_partition
from pipelines.metrics import Measured, measure
from pipelines.spec import ModelSpec, find_dataset
from pipelines.steps.assemble import window as training_window
from pipelines.store import Store
from pipelines.training_set import Rows, TrainingSet, feature_names, model_rows, require_rows

LEAST_WINDOWS = 2
# A window, the one before it, and the references of the champions that may serve it.
PARTITIONS_AT_HAND = 8


class Say(Protocol):
    """Told what is being done, and how many of how many trainings are behind it."""

    def __call__(self, text: str, done: int, of: int) -> None: ...


@dataclass(frozen=True)
class PastWindow:
    """A partition that was served. key: of all its rows; known: a mask of them. label, day: of those with a label
    by now, which the mask marks."""

    part: str
    interval: Interval
    joined: JoinedPartition
    key: np.ndarray
    known: np.ndarray
    label: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class History:
    """windows: oldest first. fits: as of the start of each. scores: by fit and window, of all rows of the window.
    partitions: the rows of any, and when each label became known, (n,)."""

    spec: ModelSpec
    kept: KeptFits
    windows: list[PastWindow]
    fits: list[Fit]
    scores: dict[tuple[int, int], np.ndarray]
    partitions: Callable[[Interval], tuple[Rows, np.ndarray]]
    _measured: dict[tuple[int, int], Measured] = field(default_factory=dict)
    _compared: dict[tuple[int, int, int], Comparison] = field(default_factory=dict)

    def rows(self, interval: Interval, as_of: datetime) -> Rows:
        """Of a partition, with the labels that were known at the time."""
        rows, known_at = self.partitions(interval)
        return replace(rows, label=np.where(known_at <= np.datetime64(as_of.replace(tzinfo=None)), rows.label, np.nan))

    def labelled_scores(self, fit: int, window: int) -> np.ndarray:
        """Of the window's labelled rows, (n,) float64."""
        scores: np.ndarray = self.scores[fit, window][self.windows[window].known].astype("float64")
        return scores

    def quality(self, fit: int, window: int) -> Measured:
        """The monitored metric of a model on a window."""
        at, past = (fit, window), self.windows[window]
        if at not in self._measured:
            score = self.labelled_scores(fit, window)
            self._measured[at] = measure(self.spec.monitoring.metric, past.label, score, past.day)
        return self._measured[at]

    def gain(self, fit: int, other: int, window: int) -> Comparison:
        """How much better a model is than another on a window: paired, clustered by day; better is positive."""
        at, past = (fit, other, window), self.windows[window]
        if at not in self._compared:
            first, second = (self.labelled_scores(one, window) for one in (fit, other))
            self._compared[at] = compare(self.spec.monitoring.metric, past.label, first, second, past.day)
        return self._compared[at]


def gather_history(spec: ModelSpec, store: Store, span: Interval, say: Say) -> History:
    """Fit what is not kept yet, and score what is not scored yet.

    span: what was served; its whole partitions are the windows. Raises MissingInput for a partition that is not
    validated or has no features, CallerError for fewer than two windows, EmptyWindow for one without labels.
    """
    dataset, kept = find_dataset(spec.dataset), KeptFits(spec, store)
    partitions = partitions_between(span.start, span.end, dataset.partition)
    served = [one for one in partitions if span.start <= one.start and one.end <= span.end]
    if len(served) < LEAST_WINDOWS:
        raise CallerError(
            f"{spec.name}: {span} holds {len(served)} whole partitions of {spec.dataset}, and with fewer than "
            f"{LEAST_WINDOWS} there is nothing to choose between. Name an earlier --start or a later --end"
        )
    join = lru_cache(maxsize=None)(partial(joined_partition, store, dataset))
    for interval in served:  # before the first training: one that is missing is told at once
        join(interval)
    fits = []
    for done, interval in enumerate(served):
        manifest = _training_set(spec, store, interval.start, join)
        fits.append(_fitted(kept, manifest, partial(say, done=done, of=len(served))))
    say("scoring the windows", len(served), len(served))
    read = lru_cache(PARTITIONS_AT_HAND)(lambda interval: _read(spec, store, join(interval)))
    windows = [_past_window(spec, join(one), one, read(one)[0]) for one in served]
    pairs = [(fit, window) for fit in range(len(fits)) for window in range(fit, len(windows))]
    scores = {(fit, window): kept.scores(fits[fit], windows[window].joined) for fit, window in pairs}
    return History(spec, kept, windows, fits, scores, read)


def _training_set(
    spec: ModelSpec, store: Store, as_of: datetime, join: Callable[[Interval], JoinedPartition]
) -> TrainingSet:
    """What `assemble` would have made at that time, of the partitions as they are now."""
    dataset = find_dataset(spec.dataset)
    newest = partitions_between(as_of - timedelta(days=1), as_of, dataset.partition)[-1]
    parts = training_window(spec, dataset, newest, list(validated_partitions(store, dataset.name)))
    return TrainingSet(
        model=spec.name,
        as_of=as_of.isoformat(),
        features=feature_names(spec),
        target=spec.target.model_dump(),
        partitions=[join(partition_interval(part, dataset.partition)) for part in parts],
    )


def _fitted(kept: KeptFits, manifest: TrainingSet, say: Callable[[str], None]) -> Fit:
    found, when = kept.find(manifest), manifest.as_of[:10]
    if found is None:
        say(f"training as of {when}")
        found = kept.make(manifest)
        say(f"trained as of {when}: {found.rounds} rounds on {found.rows:,} rows, {found.cpu_s:.1f} CPU s")
    return found


def _read(spec: ModelSpec, store: Store, joined: JoinedPartition) -> tuple[Rows, np.ndarray]:
    """The partition's rows with every label that ever came, and the time (UTC) at which each did, (n,)."""
    frame = store.read_parquet(joined.path).to_pandas()
    known_at = frame[code(spec.dataset, "schema").LABEL_AT].dt.tz_convert(None).to_numpy()
    return model_rows(spec, frame, datetime.max.replace(tzinfo=UTC)), known_at


def _past_window(spec: ModelSpec, joined: JoinedPartition, interval: Interval, rows: Rows) -> PastWindow:
    """Raises EmptyWindow without labels, or with one class only."""
    labelled = rows.labelled()
    require_rows(labelled, spec, joined.part)
    known = ~np.isnan(rows.label)
    return PastWindow(joined.part, interval, joined, rows.key.to_numpy(), known, labelled.label, labelled.day)
