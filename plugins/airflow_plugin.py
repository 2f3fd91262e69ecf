"""What Airflow itself has to know of us: its loader runs this file in every component."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from plugins.ending_schedule import EndingSchedule
from plugins.metrics import metrics_app


class TrainyardPlugin(AirflowPlugin):
    name = "trainyard"
    timetables: ClassVar = [EndingSchedule]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Asked for by the API server alone."""
        return [{"app": metrics_app(), "url_prefix": "/trainyard", "name": "trainyard"}]
