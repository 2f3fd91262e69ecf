"""What Airflow itself has to know of us: its loader runs this file in every component."""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

from plugins.ending_schedule import EndingSchedule


class TrainyardPlugin(AirflowPlugin):
    name = "trainyard"
    timetables: ClassVar = [EndingSchedule]
    external_views: ClassVar = [
        {"name": "Models", "href": "/trainyard/", "destination": "nav", "nav_top_level": True, "url_route": "models"},
        {
            "name": "Data",
            "href": "/trainyard/datasets",
            "destination": "nav",
            "category": "browse",
            "url_route": "data",
        },
        {"name": "Model", "href": "/trainyard/dags/{DAG_ID}", "destination": "dag", "url_route": "model"},
        {
            "name": "Evaluation",
            "href": "/trainyard/dags/{DAG_ID}/runs/{RUN_ID}",
            "destination": "dag_run",
            "url_route": "evaluation",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Asked for by the API server alone; no other component can pay its imports."""
        from plugins.web.app import web_app

        return [{"app": web_app(), "url_prefix": "/trainyard", "name": "trainyard"}]
