"""The demo of the one-machine stack (embedded/year.py), driven through the servers of this one."""

from dataclasses import dataclass, field
from pathlib import Path

from compose.stack import addresses
from embedded import year
from embedded.served import Commands
from pipelines.environment import home

COMMANDS = Commands(again="make stack-demo", stop="make stack-down", logs="make stack-logs")


@dataclass(frozen=True)
class Served:
    """What the demo asks of a stack: addresses, the environment of its clients, and where pictures go."""

    settings: dict[str, str]
    commands: Commands = field(default=COMMANDS)

    @property
    def airflow_url(self) -> str:
        return self._url("Airflow")

    @property
    def mlflow_url(self) -> str:
        return self._url("MLflow")

    @property
    def password(self) -> str:
        return self.settings["AIRFLOW_ADMIN_PASSWORD"]

    @property
    def login(self) -> str:
        return "user admin, password AIRFLOW_ADMIN_PASSWORD of .env"

    @property
    def reports(self) -> Path:
        folder = home() / "stack-reports"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def environment(self) -> dict[str, str]:
        """The store and MLflow as this machine reaches them; Feast's servers are inside, and nothing here asks them."""
        return client_environment(self.settings)

    def _url(self, name: str) -> str:
        return next(one.url for one in addresses(self.settings) if one.name == name)


def client_environment(settings: dict[str, str]) -> dict[str, str]:
    """What the command line needs outside of the stack, to look at what is in it."""
    at = {one.name: one.url for one in addresses(settings)}
    return {
        "TRAINYARD_STORE": "s3://trainyard/store",
        "AWS_ENDPOINT_URL": at["S3"],
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "steps",
        "AWS_SECRET_ACCESS_KEY": settings["S3_STEPS_SECRET"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_TRACKING_URI": at["MLflow"],
        "MLFLOW_TRACKING_USERNAME": "steps",
        "MLFLOW_TRACKING_PASSWORD": settings["MLFLOW_STEPS_PASSWORD"],
    }


def run(settings: dict[str, str], months: int) -> int:
    """0 with the servers up, 1 when a step finally failed, 130 when interrupted."""
    return year.run(Served(settings), months)
