"""What Airflow itself has to know of us: its loader runs this file in every component."""

from typing import ClassVar

from airflow.plugins_manager import AirflowPlugin

from plugins.ending_schedule import EndingSchedule


class TrainyardPlugin(AirflowPlugin):
    name = "trainyard"
    timetables: ClassVar = [EndingSchedule]
