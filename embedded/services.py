"""What the stack runs: each server's command and environment, what it waits for, and how it is stopped."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from embedded import airflow_config, cluster, postgres
from embedded.home import REPO, Home, ensure_secrets, shared_environment
from embedded.settings import Settings
from embedded.watch import Probe, airflow_probe, page_probe

QUIET = {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "FEAST_USAGE": "False"}
# A user's shell must not leak another Airflow's or MLflow's settings into this one. Airflow's trigger refuses a
# KUBECONFIG beside the path that its connection names.
FOREIGN_PREFIXES = ("AIRFLOW__", "AIRFLOW_", "MLFLOW_", "PG", "FEAST_", "KUBECONFIG")
AIRFLOW_SERVICES = ("api-server", "scheduler", "dag-processor", "triggerer")


@dataclass(frozen=True)
class Service:
    """One child of the supervisor.

    after: names that must be ready first. user: whom it runs as, None for ourselves.
    ready: whether it serves; None means as soon as it has started.
    once: it does its work and ends with 0; done_mark then keeps done_text, and it is not run again
    while that text stands there.
    """

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    after: tuple[str, ...] = ()
    user: str | None = None
    before_start: Callable[[], None] | None = None
    ready: Callable[[], bool] | None = None
    stop_signal: int = signal.SIGTERM
    stop_patience_s: float = 10.0
    once: bool = False
    done_mark: Path | None = None
    done_text: str = ""


def base_environment(shared: dict[str, str]) -> dict[str, str]:
    """The user's environment without foreign settings, our programs first on the path, no telemetry."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN_PREFIXES)}
    loopback = ",".join(filter(None, (kept.get("NO_PROXY"), "127.0.0.1,localhost")))
    return {
        **kept,
        **QUIET,
        **shared,
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", os.defpath))),
        "PYTHONPATH": str(REPO),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "TZ": "UTC",
    }


def stack_services(home: Home, settings: Settings) -> list[Service]:
    """All children in the order in which they depend on one another."""
    socket_folder = postgres.ensure_socket_folder(home)
    shared = stack_environment(home, settings, socket_folder)
    base = base_environment(shared)
    return [
        _postgres_service(home, socket_folder, base),
        *_airflow_services(home, settings, socket_folder, base),
        *_mlflow_services(home, settings, socket_folder, base),
        *_cluster_services(home, settings, shared, base),
    ]


def stack_environment(home: Home, settings: Settings, socket_folder: Path) -> dict[str, str]:
    """The variables that steps and clients of this stack read."""
    own = shared_environment(home, settings.airflow_port, settings.mlflow_port, postgres.url(socket_folder, "feast"))
    return own | cluster.meeting_places(settings.compute)


def runs_mlflow(settings: Settings) -> bool:
    """Not where the user's cluster has one."""
    return "MLFLOW_TRACKING_URI" not in cluster.meeting_places(settings.compute)


def stack_probes(settings: Settings) -> list[Probe]:
    """How to notice that a server hangs."""
    heartbeats = tuple(name for name in AIRFLOW_SERVICES if name != "api-server")
    probes = [airflow_probe(f"http://127.0.0.1:{settings.airflow_port}", heartbeats)]
    if runs_mlflow(settings):
        probes.append(page_probe("mlflow", f"http://127.0.0.1:{settings.mlflow_port}/health"))
    return probes


def _postgres_service(home: Home, socket_folder: Path, base: dict[str, str]) -> Service:
    return Service(
        name="postgres",
        command=tuple(postgres.command(home, socket_folder)),
        environment=base,
        folder=home.pg,
        user=postgres.system_user(),
        before_start=lambda: postgres.prepare_start(home, socket_folder),
        ready=lambda: postgres.is_ready(home),
        # 'Fast' shutdown: SIGTERM would wait for every client to leave.
        stop_signal=signal.SIGINT,
    )


def _airflow_services(home: Home, settings: Settings, socket_folder: Path, base: dict[str, str]) -> list[Service]:
    environment = {
        **base,
        **airflow_config.environment(home, settings, postgres.url(socket_folder, "airflow"), ensure_secrets(home)),
        **cluster.airflow_environment(home, settings.compute),
    }
    airflow = (sys.executable, "-m", "airflow")
    migrate = Service(
        name="migrate",
        command=(*airflow, "db", "migrate"),
        environment=environment,
        folder=home.airflow,
        after=("postgres",),
        once=True,
        done_mark=home.airflow / "migrated",
        done_text=version("apache-airflow"),
    )
    components = [
        Service(
            name=name,
            command=(*airflow, name),
            environment=environment,
            folder=home.airflow,
            after=("migrate",),
            # Enough to end requests and hand tasks over; what it still waits for then is an idle browser.
            stop_patience_s=5.0,
        )
        for name in AIRFLOW_SERVICES
    ]
    pools = [_pools_service(home, environment)] if cluster.wanted(settings.compute) else []
    return [migrate, *pools, *components]


def _pools_service(home: Home, environment: dict[str, str]) -> Service:
    """Imports the pools again only when their file has changed: slots that a person sets in Airflow stay."""
    pools = cluster.pools_file()
    return Service(
        name="pools",
        command=(sys.executable, "-m", "airflow", "pools", "import", str(pools)),
        environment=environment,
        folder=home.airflow,
        after=("migrate",),
        once=True,
        done_mark=home.airflow / "pools",
        done_text=pools.read_text(),
    )


def _mlflow_services(home: Home, settings: Settings, socket_folder: Path, base: dict[str, str]) -> list[Service]:
    if not runs_mlflow(settings):
        return []
    port = settings.mlflow_port
    hosts = ",".join(f"{host}:{port}" for host in ("127.0.0.1", "localhost"))
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", postgres.url(socket_folder, "mlflow"), "--workers", "1"),
        *("--serve-artifacts", "--artifacts-destination", home.mlflow.as_uri()),
        *("--allowed-hosts", hosts),
    )
    # Eight job processes would idle beside the server otherwise.
    environment = {**base, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    return [Service("mlflow", command, environment, home.mlflow, after=("postgres",))]


def _cluster_services(home: Home, settings: Settings, shared: dict[str, str], base: dict[str, str]) -> list[Service]:
    """The stand-in for a cluster, where pods are wanted and the user gives none."""
    if not cluster.wanted(settings.compute) or cluster.given() is not None:
        return []
    folder = cluster.folder(home)
    folder.mkdir(exist_ok=True)
    port = settings.kubernetes_port
    command = cluster.stand_in(home, shared, port)
    return [Service("kubernetes", command, base, folder, ready=lambda: cluster.answers(port))]
