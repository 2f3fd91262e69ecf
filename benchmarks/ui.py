"""How soon the pages' JSON is there with many models and two years of their history, in Airflow's own API application.

The API server answers over HTTP in a process of its own. Beside each endpoint's p95 stand its limit (200 ms) and what
Airflow itself takes for its own list of DAGs at the same time.

    python benchmarks/ui.py [--models 500] [--quick] [--json FILE]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from rich.console import Console
from rich.table import Table

# Run by its path, Python looks for modules beside this file only.
REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from benchmarks.ui_store import FAMILIES, fill, model_names, month
from embedded.settings import free_ports
from pipelines.store import Store

LIMIT_MS, ROUNDS, PATIENCE_S = 200.0, 40, 180
AIRFLOWS_OWN = "/api/v2/dags?limit=50"
DAGS = """\
from datetime import UTC, datetime
import sys
from airflow.models.dag import DagModel
from airflow.models.dagbundle import DagBundleModel
from airflow.utils.session import create_session
with create_session() as session:
    session.merge(DagBundleModel(name="benchmark"))
    session.flush()
    for name in sys.argv[1].split(","):
        due = datetime(2030, 1, 1, tzinfo=UTC)
        told = {"fileloc": "dags.py", "relative_fileloc": "dags.py", "has_task_concurrency_limits": False}
        told |= {"max_active_tasks": 4, "max_active_runs": 1, "max_consecutive_failed_dag_runs": 0}
        session.add(
            DagModel(dag_id=name, bundle_name="benchmark", is_stale=False, next_dagrun_create_after=due, **told)
        )
"""


def declare(folder: Path, names: list[str]) -> Path:
    """A copy of the code that declares the models."""
    for room in ("pipelines", "plugins", "dags"):
        shutil.copytree(REPO / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    models = folder / "pipelines" / "models"
    told = (models / "flight_delay.toml").read_text()
    for shipped in models.glob("*.toml"):
        shipped.unlink()
    for name in names:
        (models / f"{name}.toml").write_text(told.replace('name = "flight_delay"', f'name = "{name}"', 1))
    return folder


@contextmanager
def served(code: Path, home: Path, store: Path, names: list[str]) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    (port,) = free_ports(1)
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({"admin": "of-this-benchmark"}))
    airflow = {
        "core__dags_folder": code / "dags",
        "core__plugins_folder": code / "plugins",
        "core__load_examples": False,
        "core__simple_auth_manager_users": "admin:admin",
        "core__simple_auth_manager_passwords_file": passwords,
        "api__host": "127.0.0.1",
        "api__port": port,
        "api__workers": 1,
        "api__secret_key": "of this benchmark",
        "api_auth__jwt_secret": "of this benchmark, and long enough for its algorithm" * 2,
    }
    environment = os.environ | {f"AIRFLOW__{name.upper()}": str(value) for name, value in airflow.items()}
    environment |= {"AIRFLOW_HOME": str(home), "PYTHONPATH": str(code), "TRAINYARD_STORE": str(store)}
    run = [sys.executable, "-m", "airflow"]
    quiet: dict[str, Any] = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": environment,
        "cwd": code,
    }
    subprocess.run([*run, "db", "migrate"], check=True, **quiet)
    dags = ",".join(["flights__data", *(f"{name}__{family}" for name in names for family in FAMILIES)])
    subprocess.run([sys.executable, "-c", DAGS, dags], check=True, **quiet)
    server = subprocess.Popen([*run, "api-server"], start_new_session=True, **quiet)
    try:
        yield logged_in(f"http://127.0.0.1:{port}")
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def logged_in(url: str) -> httpx.Client:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            told = {"username": "admin", "password": "of-this-benchmark"}
            token = httpx.post(f"{url}/auth/token", json=told).json()["access_token"]
            return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def measure(client: httpx.Client, paths: dict[str, str]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """First answers and all later ones, in ms; the endpoints take turns."""
    first: dict[str, float] = {}
    taken: dict[str, list[float]] = {name: [] for name in paths}
    for round_ in range(ROUNDS + 1):
        for name, path in paths.items():
            start = time.perf_counter()
            client.get(path).raise_for_status()
            spent = 1000 * (time.perf_counter() - start)
            if round_ == 0:
                first[name] = spent
            else:
                taken[name].append(spent)
    return first, taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="20 models: a trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    names = model_names(20 if options.quick else options.models)
    with tempfile.TemporaryDirectory(prefix="trainyard-ui-") as place:
        folder = Path(place)
        (folder / "home").mkdir()
        code, store = declare(folder / "code", names), folder / "store"
        events = fill(Store(str(store)), names)
        one = f"/trainyard/api/models/{names[0]}"
        paths = {
            "models": "/trainyard/api/models",
            "model": one,
            "rights": f"{one}/rights",
            "datasets": "/trainyard/api/datasets",
            "dataset": "/trainyard/api/datasets/flights",
            "page": "/trainyard/",
            "airflow's 50 DAGs": AIRFLOWS_OWN,
        }
        with served(code, folder / "home", store, names) as client:
            first, taken = measure(client, paths)
    console = Console()
    table = Table(title=f"{len(names)} models, {events} events up to {month(24):%F}, {ROUNDS} rounds, ms", box=None)
    for heading in ("", "first", "p50", "p95", "limit", "p95 against Airflow's own"):
        table.add_column(heading, justify="right" if heading else "left")
    airflows = float(np.percentile(taken["airflow's 50 DAGs"], 95))
    figures = {}
    for name, spent in taken.items():
        p50, p95 = (float(np.percentile(spent, share)) for share in (50, 95))
        figures[name] = {"value": round(p95, 1), "unit": "ms", "limit": LIMIT_MS, "ratio": round(p95 / airflows, 2)}
        table.add_row(name, *(f"{ms:.0f}" for ms in (first[name], p50, p95, LIMIT_MS)), f"{p95 / airflows:.2f}")
    console.print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    return 0 if all(one["value"] <= LIMIT_MS for one in figures.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
