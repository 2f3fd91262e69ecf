"""What may differ between two stacks: ports, the DAG folder and Airflow's users."""

import argparse
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from embedded.home import REPO
from embedded.preflight import ADMIN, ports_asked, users_asked


@dataclass(frozen=True)
class Settings:
    """The ports that the servers listen on, all on 127.0.0.1, and where Airflow finds the DAGs.

    users: of Airflow's web UI and REST API, as `name:role,name:role`. compute: as TRAINYARD_COMPUTE has it.
    kubernetes_port: of the stand-in for a cluster, where one runs.
    """

    airflow_port: int
    mlflow_port: int
    worker_log_port: int
    trigger_log_port: int
    dags: Path
    users: str = ADMIN
    compute: str = "local"
    kubernetes_port: int = 0

    @classmethod
    def from_environment(cls) -> "Settings":
        """AIRFLOW_PORT, MLFLOW_PORT, TRAINYARD_DAGS, TRAINYARD_COMPUTE and TRAINYARD_USERS (beside admin), with
        their defaults; the other ports are free ones.

        Raises ValueError naming a variable that holds no port or no users.
        """
        asked = dict(ports_asked(os.environ))
        worker, trigger, kubernetes = free_ports(3)
        dags = Path(os.environ.get("TRAINYARD_DAGS") or REPO / "dags").resolve()
        compute, users = os.environ.get("TRAINYARD_COMPUTE") or "local", users_asked(os.environ)
        return cls(asked["AIRFLOW_PORT"], asked["MLFLOW_PORT"], worker, trigger, dags, users, compute, kubernetes)

    def user_names(self) -> list[str]:
        return [user.split(":")[0] for user in self.users.split(",")]

    def ports(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name.endswith("_port")}

    def as_arguments(self) -> list[str]:
        """The same settings for another process' command line."""
        return [f"--{name.replace('_', '-')}={value}" for name, value in asdict(self).items()]

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        for name, kind in cls.__annotations__.items():
            parser.add_argument(f"--{name.replace('_', '-')}", type=kind, required=True)

    @classmethod
    def from_arguments(cls, options: argparse.Namespace) -> "Settings":
        return cls(**{name: getattr(options, name) for name in cls.__annotations__})


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment, all different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
