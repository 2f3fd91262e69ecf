"""Faults that leave every server healthy and the outputs wrong: broken into a copy of a store, one at a time.

Each says what it breaks, which commands would run next anyway, and by what one must be told. Raw rows are broken
where the source would break them, so that what follows is the pipeline's own.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.champions import champions
from pipelines.interval import Interval
from pipelines.joined import joined_partition
from pipelines.layout import feature_file, join_inputs, predictions_manifest, predictions_table, raw_table
from pipelines.registry import Registry
from pipelines.spec import DatasetSpec, ModelSpec
from pipelines.store import Store
from pipelines.table_versions import digest_of
from pipelines.training_set import model_rows

WEATHER, LIVE = raw_table("flights", "weather"), raw_table("flights", "flights")
READINGS = ("temperature_f", "dew_point_f", "humidity_pct", "wind_speed_mph", "pressure_mbar", "visibility_mi")
WHOLE_DAYS = timedelta(days=10)
LABELS_LOST_FOR = timedelta(days=4)


@dataclass(frozen=True)
class Ground:
    """The copy, and its newest scored partition. before: the one before it; None where there is none."""

    store: Store
    registry: Registry
    model: ModelSpec
    dataset: DatasetSpec
    part: str
    interval: Interval
    before: str | None

    def rows(self, table: str) -> pa.Table:
        return self.store.read(table, part=self.part)

    def put(self, table: str, rows: pa.Table) -> None:
        self.store.replace_partition(table, rows, self.part)


@dataclass(frozen=True)
class Fault:
    """strike: False where it cannot be done here, for want of another version or partition. then: the steps that run
    next, until one refuses. told_by: `contract`, `monitor`, `trace` or `registry`; any one of them will do."""

    summary: str
    strike: Callable[[Ground], bool]
    then: tuple[str, ...]
    told_by: frozenset[str]


def feed_frozen(ground: Ground) -> bool:
    """The weather repeats its last reading of the tenth day, under times that go on."""
    rows = ground.rows(WEATHER).sort_by([("origin", "ascending"), ("observed_at", "ascending")]).to_pandas()
    late = rows["observed_at"] >= ground.interval.start + WHOLE_DAYS
    for name in READINGS:
        rows[name] = rows[name].where(~late, rows[name].mask(late).groupby(rows["origin"]).ffill())
    ground.put(WEATHER, pa.Table.from_pandas(rows, schema=ground.rows(WEATHER).schema, preserve_index=False))
    return True


def unit_changed(ground: Ground) -> bool:
    """Temperature and dew point come in °C."""
    rows = ground.rows(WEATHER)
    for name in ("temperature_f", "dew_point_f"):
        celsius = pc.multiply(pc.subtract(rows[name], 32.0), 5 / 9)
        rows = rows.set_column(rows.schema.get_field_index(name), name, celsius)
    ground.put(WEATHER, rows)
    return True


def labels_stopped(ground: Ground) -> bool:
    """No arrival is reported in the last four days: the contract allows a fifth of the rows without one."""
    rows = ground.rows(LIVE)
    since = pa.scalar(ground.interval.end - LABELS_LOST_FOR, rows.schema.field("sched_dep_at").type)
    lost = pc.greater_equal(rows["sched_dep_at"], since)
    for name in ("arr_delay_min", "landed_at", "air_time_min"):
        nothing = pa.nulls(rows.num_rows, rows.schema.field(name).type)
        rows = rows.set_column(rows.schema.get_field_index(name), name, pc.if_else(lost, nothing, rows[name]))
    ground.put(LIVE, rows)
    return True


def feature_file_of_last_month(ground: Ground) -> bool:
    """The partition's weather features are those of the month before; the join that is kept is lost."""
    if ground.before is None:
        return False
    name = ground.dataset.name
    joined = joined_partition(ground.store, ground.dataset, ground.interval).path
    stale = ground.store.read_file(feature_file(name, "weather", ground.before))
    ground.store.write_file(feature_file(name, "weather", ground.part), stale)
    for path in (joined, join_inputs(joined)):
        ground.store.delete(path)
    return True


def older_version(ground: Ground) -> bool:
    """The predictions were written by the first champion, as by a worker that was never updated."""
    line = champions(ground.store, ground.model.name, until=ground.interval.start)
    if len({one.version for one in line}) < 2:
        return False
    old = ground.registry.load(ground.model.name, line[0].version)
    frame = ground.store.read_parquet(joined_partition(ground.store, ground.dataset, ground.interval).path).to_pandas()
    scores = old.score(model_rows(ground.model, frame, ground.interval.as_of, old.encoding.columns).features)
    table = predictions_table(ground.model.name)
    rows = ground.rows(table)
    for name, values in (("score", scores.astype("float64")), ("model_version", [line[0].version] * len(scores))):
        at = rows.schema.get_field_index(name)
        rows = rows.set_column(at, name, pa.array(values, rows.schema.field(name).type))
    ground.put(table, rows)
    path = predictions_manifest(ground.model.name, ground.part)
    told = json.loads(ground.store.read_file(path))
    told |= {"model_version": line[0].version, "digest": digest_of(rows)}
    ground.store.write_file(path, json.dumps(told).encode())
    return True


def scores_of_another_day(ground: Ground) -> bool:
    """The predictions are in another order than their rows, as by a join that lost its key."""
    table = predictions_table(ground.model.name)
    rows = ground.rows(table)
    at = rows.schema.get_field_index("score")
    ground.put(table, rows.set_column(at, "score", pa.array(np.roll(rows["score"].to_numpy(), 500))))
    return True


def alias_moved(ground: Ground) -> bool:
    """Somebody moved the champion's alias in MLflow by hand, or took it away where there is one version only."""
    line = champions(ground.store, ground.model.name)
    others = [one.version for one in line if one.version != line[-1].version]
    ground.registry.set_champion(ground.model.name, others[0] if others else None)
    return True


FROM_RAW = ("validate", "featurize", "predict", "detect_drift")
MONITOR = frozenset({"contract", "monitor"})
FAULTS = {
    "feed_frozen": Fault("the weather feed repeats its last reading", feed_frozen, FROM_RAW, MONITOR),
    "unit_changed": Fault("temperatures come in °C", unit_changed, FROM_RAW, MONITOR),
    "labels_stopped": Fault("no arrivals are reported any more", labels_stopped, FROM_RAW, MONITOR),
    "feature_file_of_last_month": Fault(
        "a feature file is last month's", feature_file_of_last_month, ("predict", "detect_drift"), MONITOR
    ),
    "scores_shuffled": Fault("scores belong to other rows", scores_of_another_day, ("detect_drift",), MONITOR),
    "older_version": Fault(
        "an older version wrote the predictions", older_version, ("detect_drift",), MONITOR | {"trace"}
    ),
    "alias_moved": Fault("the champion's alias was moved by hand", alias_moved, (), frozenset({"registry"})),
}
