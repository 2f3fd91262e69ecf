"""Where the stack's steps run when TRAINYARD_COMPUTE names pods: the user's cluster, or a stand-in for one.

The stand-in is the one that the tests use: Kubernetes' API over HTTP, its pods processes of this machine.
"""

import contextlib
import json
import os
import socket
import sys
from pathlib import Path

from embedded.home import REPO, Home
from embedded.processes import MARK
from pipelines.errors import CallerError
from pipelines.places import places_of

# What a pod needs of the stack's environment; a ConfigMap holds it, so nothing secret is among it.
FOR_PODS = (
    "TRAINYARD_HOME",
    "TRAINYARD_STORE",
    "TRAINYARD_FEAST_REGISTRY",
    "TRAINYARD_FEAST_ONLINE",
    "MLFLOW_TRACKING_URI",
)
# Where the user's cluster and this machine meet: the user says it, for pods cannot reach what the stack itself runs.
MEETING_PLACES = ("TRAINYARD_STORE", "MLFLOW_TRACKING_URI", "TRAINYARD_FEAST_REGISTRY", "TRAINYARD_FEAST_ONLINE")
STAND_IN_IMAGES = {
    "TRAINYARD_STEPS_IMAGE": "trainyard/steps:this-machine",
    "TRAINYARD_STEPS_GPU_IMAGE": "trainyard/steps-gpu:this-machine",
}
NAMESPACE = "trainyard"


def wanted(compute: str) -> bool:
    default, exceptions = places_of(compute)
    return "kubernetes" in (default, *exceptions.values())


def given() -> Path | None:
    """The user's kubeconfig, None for the stand-in."""
    path = os.environ.get("TRAINYARD_KUBECONFIG")
    return Path(path).expanduser().resolve() if path else None


def problem(compute: str) -> str | None:
    """What stands in the way of running steps there, with the remedy, else None."""
    try:
        places_of(compute)
    except CallerError as error:
        return str(error)
    config, store = given(), os.environ.get("TRAINYARD_STORE", "")
    if not wanted(compute) or config is None:
        return None
    if not config.is_file():
        return f"TRAINYARD_KUBECONFIG names {config}, which is not a file. Write one: kind get kubeconfig > {config}"
    if not os.environ.get("TRAINYARD_STEPS_IMAGE"):
        return "TRAINYARD_STEPS_IMAGE is not set: name the steps' image that the cluster pulls. See docs/kubernetes.md"
    if not store.startswith("s3://"):
        found = f"names the folder {store}" if store else "is not set, which means a folder"
        return (
            f"TRAINYARD_STORE {found}, and pods cannot reach a folder of this machine. Name the bucket that the "
            "cluster's ConfigMap trainyard-steps names, such as s3://trainyard/store. See docs/kubernetes.md"
        )
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return (
            "MLFLOW_TRACKING_URI is not set, and pods cannot reach a server on this machine's 127.0.0.1. Name the "
            "cluster's own as this machine reaches it, such as http://127.0.0.1:5500. See docs/kubernetes.md"
        )
    return None


def meeting_places(compute: str) -> dict[str, str]:
    """What of the stack's environment the user's own cluster decides; empty without one."""
    if not wanted(compute) or given() is None:
        return {}
    return {name: os.environ[name] for name in MEETING_PLACES if os.environ.get(name)}


def stand_in(home: Home, shared: dict[str, str], port: int) -> tuple[str, ...]:
    """The command of the stand-in."""
    settings = {name: shared[name] for name in FOR_PODS} | {MARK: str(home.root)}
    return (
        *(sys.executable, "-m", "tests.kube.cluster"),
        *("--folder", str(folder(home)), "--port", str(port), "--namespace", NAMESPACE),
        *(part for name, value in settings.items() for part in ("--config-map-env", f"{name}={value}")),
    )


def answers(port: int) -> bool:
    """Whether the stand-in listens."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def folder(home: Home) -> Path:
    return home.root / "kubernetes"


def airflow_environment(home: Home, compute: str) -> dict[str, str]:
    """What Airflow's processes read: where steps run, and the way to the cluster."""
    if not wanted(compute):
        return {"TRAINYARD_COMPUTE": compute}
    config = given()
    extra = {"kube_config_path": str(config or folder(home) / "kubeconfig.yaml")}
    return {
        **({} if config else STAND_IN_IMAGES),
        "TRAINYARD_COMPUTE": compute,
        "TRAINYARD_NAMESPACE": os.environ.get("TRAINYARD_NAMESPACE", NAMESPACE),
        "AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps({"conn_type": "kubernetes", "extra": extra}),
    }


def pools_file() -> Path:
    """Airflow's pools that the resource classes name."""
    return REPO / "deploy" / "airflow" / "pools.json"
