"""Runs that a person deleted in MLflow: freed for good, unless a version that was ever released needs one.

MLflow's own `gc` looks at what was deleted, not at what is registered; it deletes with a run its artifacts. So it is
asked only when nothing of what it would delete is needed. It wants MLflow's database itself, which no step may open:
without its address, MLFLOW_BACKEND_STORE_URI, only the command is told.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.errors import TrainyardError
from pipelines.registry import Registry
from pipelines.retention.settings import Retention

DATABASE = "MLFLOW_BACKEND_STORE_URI"
# Of all of MLflow's commands `gc` alone does not read the variable; on a command line others would see the password.
PROGRAM = f"""\
import os, sys
from mlflow.cli import cli
cli(["gc", "--backend-store-uri", os.environ["{DATABASE}"], *sys.argv[1:]])
"""


@dataclass(frozen=True)
class DeletedRuns:
    """ids: that nothing needs, and of the age; needed: sentences on those that may not go."""

    ids: Sequence[str]
    needed: Sequence[str]


def deleted_runs(registry: Registry, names: Iterable[str], ages: Retention, now_ms: int) -> DeletedRuns:
    """names: every string of the store's documents, the run ids of records, candidates and promotions among them.

    Raises Unavailable when MLflow does not answer.
    """
    from mlflow.entities import ViewType

    with registry.reached():
        client = registry.client
        experiments = [one.experiment_id for one in _all(client.search_experiments, view_type=ViewType.ALL)]
        found = _all(client.search_runs, experiment_ids=experiments, run_view_type=ViewType.DELETED_ONLY)
        versions = list(_all(client.search_model_versions))
    released = {version.run_id: f"{version.name} version {version.version}" for version in versions}
    documents, oldest_ms = set(names), now_ms - ages.deleted_runs.total_seconds() * 1000
    needed, loose = [], []
    for run in found:
        run_id = run.info.run_id
        if run_id in released or run_id in documents:
            what = released.get(run_id, "a record of the store")
            needed.append(
                f"the run {run_id} was deleted in MLflow, but {what} needs it: mlflow runs restore -r {run_id}"
            )
        elif (run.info.end_time or run.info.start_time) < oldest_ms:
            loose.append(run_id)
    return DeletedRuns(loose, [*needed, *_models_gone(client, versions)])


def _models_gone(client: Any, versions: Iterable[Any]) -> list[str]:
    """Versions whose logged model was deleted: `gc` would take its files."""
    from mlflow.exceptions import MlflowException

    gone = []
    for version in versions:
        model = (version.source or "").removeprefix("models:/")
        try:
            client.get_logged_model(model)
        except MlflowException as error:
            gone.append(f"the logged model {model} of {version.name} version {version.version} is gone: {error}")
    return gone


def free(registry: Registry, ages: Retention) -> str:
    """Have MLflow delete for good what was deleted so long ago; what it said. Raises TrainyardError."""
    older = f"{ages.deleted_runs.days}d0h0m"
    command = [sys.executable, "-c", PROGRAM, "--older-than", older, "--tracking-uri", registry.uri]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise TrainyardError(f"mlflow gc failed: {' '.join(ended.stderr.strip().splitlines()[-2:])}")
    return ended.stdout.strip()


def may_open_database() -> bool:
    return bool(os.environ.get(DATABASE))


def _all(search: Any, **asked: Any) -> list[Any]:
    """Every page."""
    found = search(**asked)
    items = list(found)
    while found.token:
        found = search(**asked, page_token=found.token)
        items += found
    return items
