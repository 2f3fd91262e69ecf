"""Waiting for what another DAG writes: on the store itself, not on the other DAG's clock.

A sensor on a DAG run would miss rows that came by a backfill, a manual run or the command line.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseSensorOperator, ObjectStoragePath
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout

from pipelines import layout
from pipelines.environment import store_uri
from pipelines.errors import CallerError
from pipelines.interval import Interval, midnight, part_key, partition_of, partitions_between
from pipelines.spec import DatasetSpec
from plugins.run_interval import interval_of

LONGEST_PARTITION = timedelta(days=31)


@dataclass(frozen=True)
class Awaited:
    """A file of the store, and the DAG and partition that make it."""

    path: str
    dag_id: str
    partition: Interval


def latest_features(dataset: DatasetSpec, interval: Interval) -> Awaited:
    """What a training waits for: the features of the last partition that is whole at its as-of time.

    Data is backfilled in date order, so that the earlier partitions are there too.
    """
    until = interval.as_of if dataset.end is None else min(interval.as_of, midnight(dataset.end))
    spans = partitions_between(until - 2 * LONGEST_PARTITION, until, dataset.partition)
    return _features(dataset, [span for span in spans if span.end <= until][-1])


def partition_features(dataset: DatasetSpec, interval: Interval) -> Awaited:
    """What a prediction waits for. Raises CallerError when the interval is not one partition."""
    partition_of(interval, dataset.partition)
    return _features(dataset, interval)


def partition_predictions(model: str, dataset: DatasetSpec, interval: Interval) -> Awaited:
    """What a monitor waits for. Raises CallerError when the interval is not one partition."""
    part = partition_of(interval, dataset.partition)
    return Awaited(layout.predictions_manifest(model, part), f"{model}__predict", interval)


def _features(dataset: DatasetSpec, partition: Interval) -> Awaited:
    part = part_key(partition.start, dataset.partition)
    return Awaited(layout.features_manifest(dataset.name, part), f"{dataset.name}__data", partition)


class StoreSensor(BaseSensorOperator):
    """Succeeds when the file that `awaits` names for the run's interval is in the store.

    It looks at once, then every 10 s; between two looks it holds no worker slot. It gets one only when no step wants
    it: the looks of fifty models alone would fill a small pool, and what they wait for would never run.
    """

    ui_color = "#fef3c7"

    def __init__(self, *, awaits: Callable[[Interval], Awaited], **kwargs: Any) -> None:
        super().__init__(
            mode="reschedule",
            poke_interval=10,
            timeout=timedelta(hours=2),
            priority_weight=0,
            weight_rule="absolute",
            **kwargs,
        )
        self.awaits = awaits

    def execute(self, context: Any) -> Any:
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            raise AirflowSensorTimeout(f"{self._found_missing(context)} {error}") from error

    def poke(self, context: Any) -> bool:
        awaited = self._awaited(context)
        try:
            found = (store() / awaited.path).exists()
        except ImportError as error:
            raise AirflowFailException(f"Airflow cannot read TRAINYARD_STORE: {error}") from error
        except PermissionError as error:
            raise AirflowFailException(
                f"Airflow may not read TRAINYARD_STORE {store_uri()} ({error}). Correct its AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or let them read there."
            ) from error
        if found:
            self.log.info("%s is there.", awaited.path)
            return True
        self.log.info("%s", self._found_missing(context))
        return False

    def _awaited(self, context: Any) -> Awaited:
        try:
            return self.awaits(interval_of(context))
        except CallerError as error:
            raise AirflowFailException(str(error)) from error

    def _found_missing(self, context: Any) -> str:
        awaited = self._awaited(context)
        start, end = awaited.partition.start, awaited.partition.end
        return (
            f"{awaited.path} is not in the store yet; {awaited.dag_id} writes it. If nothing is about to: "
            f"python -m pipelines backfill {awaited.dag_id} --start {start:%F} --end {end:%F} --reprocess completed"
        )


def store() -> ObjectStoragePath:
    """The store's root: a local folder, or a URL that Airflow's image has the driver for."""
    return ObjectStoragePath(store_uri())
