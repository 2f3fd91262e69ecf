"""A cron schedule that ends where its data end."""

from datetime import datetime
from typing import Any

from airflow.sdk.timezone import coerce_datetime
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

from pipelines.interval import parse_time


class EndingSchedule(CronDataIntervalTimetable):
    """Data intervals of a cron expression, in UTC, none of which reaches beyond `ends`.

    A DAG's end_date stops the scheduler as well. But a run by hand has today's logical date unless
    its maker cleared that field, and beyond the end_date Airflow gives such a run no tasks and calls
    it a success; likewise the last run of a backfill that was asked for a day too many.
    """

    def __init__(self, cron: str, ends: datetime) -> None:
        super().__init__(cron, "UTC")
        self._ends = ends

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        info = super().next_dagrun_info(
            last_automated_data_interval=last_automated_data_interval, restriction=restriction
        )
        if info is None or info.data_interval is None or info.data_interval.end > self._ends:
            return None
        return info

    def infer_manual_data_interval(self, *, run_after: Any) -> DataInterval:
        """A run by hand that names no interval takes the last one with data."""
        return super().infer_manual_data_interval(run_after=min(run_after, coerce_datetime(self._ends)))

    def serialize(self) -> dict[str, Any]:
        return {"cron": self._expression, "ends": self._ends.isoformat()}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> "EndingSchedule":
        return cls(data["cron"], parse_time(data["ends"]))
