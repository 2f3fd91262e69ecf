"""Labels that come late: what was known of a window at which time, and which earlier windows to look at again.

Predictions wait in their log. A label counts from the time at which it became known; a partition pulled anew may
bring more labels, or others. Every look at a window is kept, by its as-of time and the rows that it saw.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.dataset import ValidatedPartition, code, read_validated, require_validated, validated_partitions
from pipelines.drift.report import Labels
from pipelines.drift.series import Observation
from pipelines.drift.windows import Window
from pipelines.interval import Interval, partition_interval
from pipelines.layout import SOURCE_DIGITS, labels_folder, window_labels
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import label_of, stamp
from pipelines.voids import scored_partitions, void_partitions

# A window is looked at again for so many times the declared delay and its own length: what comes later still is
# taken when its partition is pulled anew.
PATIENCE = 4
CONTRADICTED_WORTH = 0.01
# Before a window's last labels are due its first ones tell whether any come at all: those of a week and more, for a
# storm cancels most of a day or two, and half of them, for what was declared holds of whole windows.
EARLY_DAYS, EARLY_WORTH = 7, 0.5


@dataclass(frozen=True)
class Look:
    """One look at a window's labels. as_of: a stamp; source: first digits of the validated rows' digest."""

    part: str
    as_of: str
    source: str
    path: str


def labels_of(spec: ModelSpec, store: Store, window: Window) -> Labels:
    """Count the window's labels, and keep them beside those of earlier looks.

    A row is contradicted when the newest earlier look, or one of the same as-of time at other rows, knew another
    label for it, or knew one where there is none now. Raises MissingInput when the partition is not validated.
    """
    source = _source_of(spec, require_validated(store, find_dataset(spec.dataset), window.interval))
    now, looks = stamp(window.as_of), [one for one in _looks(store, spec.name) if one.part == window.part]
    before = max((look.as_of for look in looks if look.as_of < now), default=None)
    known = pd.Series(window.rows.label, index=window.rows.key.to_numpy())
    differs = np.zeros(len(known), dtype=bool)
    for look in looks:
        if look.as_of == before or (look.as_of == now and look.source != source):
            earlier = _kept(store, look).reindex(known.index)
            differs |= (earlier.notna() & (known != earlier)).to_numpy()
    kept = pa.table({"key": pa.array(known.index), "label": pa.array(known.to_numpy(), from_pandas=True)})
    store.write_parquet(window_labels(spec.name, window.part, now, source), kept)
    return labels_known(spec.monitoring, window, contradicted=int(differs.sum()))


def labels_known(policy: Monitoring, window: Window, contradicted: int = 0) -> Labels:
    """The window's labels counted, of all its rows; nothing is kept."""
    rows, labelled = len(window.rows.label), int((~np.isnan(window.rows.label)).sum())
    final = _is_final(policy, rows, labelled, window.interval.end, window.as_of)
    return Labels(rows, labelled, contradicted, final)


def observe_labels(policy: Monitoring, window: Window, labels: Labels) -> list[Observation]:
    """The shares of rows without a label, which informs until all are due, of labels that are overdue before that, and
    of labels that changed.

    Without daily values: the last days of a window have waited less than its first.
    """
    due = window.interval.end + policy.label_delay
    worth = 1 - policy.label_coverage if window.as_of >= due else None
    waiting = (
        f"{labels.rows - labels.labelled:,} of {labels.rows:,} rows have no label as of {window.as_of:%F %R}; "
        f"{policy.label_coverage:.0%} {'were' if window.as_of >= due else 'are'} due by {due:%F %R}"
    )
    changed = labels.contradicted / labels.rows if labels.rows else 0.0
    told = f"{labels.contradicted:,} of {labels.rows:,} rows have another label than an earlier run knew"
    return [
        Observation("freshness", "unlabelled_rate", "labels", 1 - labels.covered, worth, waiting),
        _overdue(policy, window),
        Observation("freshness", "contradicted_rate", "labels", changed, CONTRADICTED_WORTH, told),
    ]


def _overdue(policy: Monitoring, window: Window) -> Observation:
    """Of the rows whose label is due although that of the window's last one is not."""
    waited = window.as_of - policy.label_delay
    due = (window.rows.at <= waited).to_numpy()
    missing = np.isnan(window.rows.label[due])
    value, text = None, f"{len(missing):,} rows up to {waited:%F %R} have a label that is due: too few, or all"
    if waited < window.interval.end and len(np.unique(window.rows.day[due])) >= EARLY_DAYS:
        value = float(missing.mean())
        text = (
            f"{int(missing.sum()):,} of the {len(missing):,} rows up to {waited:%F %R}, whose labels are due, have none"
        )
    return Observation("freshness", "overdue_rate", "labels", value, EARLY_WORTH, text)


def unfinished_windows(spec: ModelSpec, store: Store, before: Interval) -> list[Interval]:
    """Scored windows that end before this one starts and are to be looked at again as of its end, oldest first.

    Those that were not final at the last look, whose labels changed since, or whose partition was pulled anew.
    Looks of this as-of time and later count for nothing. A window that is not waited for any more costs no read;
    one whose predictions are void is left alone until it is scored anew.
    """
    granularity, validated = find_dataset(spec.dataset).partition, validated_partitions(store, spec.dataset)
    last = {look.part: look for look in _looks(store, spec.name) if look.as_of < stamp(before.as_of)}
    anew = {
        part for part, look in last.items() if part in validated and look.source != _source_of(spec, validated[part])
    }
    awaited = awaited_from(spec.monitoring, before)
    first = min([awaited, *(partition_interval(part, granularity).start for part in anew)])
    void = {one.scored.part for one in void_partitions(spec, store)}
    return [
        one.interval
        for one in scored_partitions(spec, store, first, before.start)
        if one.part not in void
        and (
            one.part in anew
            or (
                one.interval.start >= awaited
                and one.part in validated
                and _may_change(spec, store, validated[one.part], one.interval, last.get(one.part), before.as_of)
            )
        )
    ]


def awaited_from(policy: Monitoring, before: Interval) -> datetime:
    """The start of the oldest window whose labels may still come by themselves, for a run over that interval."""
    length: timedelta = before.end - before.start
    return before.start - PATIENCE * (policy.label_delay + length)


def is_unfinished(last: Labels, labelled_now: Callable[[], int]) -> bool:
    """Whether a window was not final at the last look, or has other labels now, counted only where that decides."""
    return not last.final or (last.labelled < last.rows and labelled_now() != last.labelled)


def _may_change(
    spec: ModelSpec, store: Store, partition: ValidatedPartition, interval: Interval, look: Look | None, as_of: datetime
) -> bool:
    if look is None:
        return True
    kept = _kept(store, look)
    rows, labelled = len(kept), int(kept.notna().sum())
    looked_at = datetime.strptime(f"{look.as_of}+0000", "%Y-%m-%dT%H-%M-%S%z")
    last = Labels(rows, labelled, 0, _is_final(spec.monitoring, rows, labelled, interval.end, looked_at))
    return is_unfinished(last, partial(_labelled, spec, store, partition, as_of))


def _labelled(spec: ModelSpec, store: Store, partition: ValidatedPartition, as_of: datetime) -> int:
    schema = code(spec.dataset, "schema")
    rows = read_validated(store, spec.dataset, schema.MAIN_TABLE, partition).to_pandas()
    known = (rows[schema.LABEL_AT] <= as_of).to_numpy() & ~np.isnan(label_of(rows[spec.target.column], spec.target))
    return int(known.sum())


def _is_final(policy: Monitoring, rows: int, labelled: int, end: datetime, as_of: datetime) -> bool:
    if rows == labelled:
        return rows > 0
    return labelled / rows >= policy.label_coverage and as_of >= end + policy.label_delay


def _source_of(spec: ModelSpec, partition: ValidatedPartition) -> str:
    return partition.digests[code(spec.dataset, "schema").MAIN_TABLE][:SOURCE_DIGITS]


def _looks(store: Store, model: str) -> list[Look]:
    """Every look at any window of the model, oldest first, by one listing."""
    found = []
    for path in store.files_below(labels_folder(model)):
        name = PurePosixPath(path)
        as_of, _, source = name.stem.rpartition("-")
        found.append(Look(name.parent.name, as_of, source, path))
    return sorted(found, key=lambda look: (look.as_of, look.part, look.source))


def _kept(store: Store, look: Look) -> pd.Series:
    """The labels of that look by key; NaN where none was known."""
    frame = store.read_parquet(look.path).to_pandas()
    return pd.Series(frame["label"].to_numpy(dtype="float64"), index=frame["key"].to_numpy())
