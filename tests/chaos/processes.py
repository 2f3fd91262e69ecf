"""Steps as processes, as Airflow starts them, in an environment of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

from deltalake import DeltaTable

from pipelines.environment import REPO

DATA = ("ingest", "validate", "featurize", "materialize")
JANUARY = ("--start=2013-01-01", "--end=2013-02-01")


def environment(home: Path, **more: str) -> dict[str, str]:
    own = {
        "TRAINYARD_HOME": str(home),
        "TRAINYARD_STORE": str(home / "store"),
        "TRAINYARD_FEAST_REGISTRY": f"sqlite:///{home}/feast/registry.db",
        "TRAINYARD_FEAST_ONLINE": f"{home}/feast/online.db",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRAINYARD_", "AWS_", "MLFLOW_"))}
    return kept | own | more


def step(name: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", name, "--dataset=flights", *JANUARY]
    return subprocess.run(command, cwd=REPO, env=env, capture_output=True, text=True, timeout=300, check=False)


def written(store: Path) -> dict[str, object]:
    """What the data steps left, by content: features' files, the contract's figures, and the journal's events."""
    features = json.loads((store / "features/flights/_manifests/2013-01.json").read_text())
    raw = {
        log.parent.name: DeltaTable(log.parent).to_pyarrow_table().num_rows for log in store.glob("raw/*/*/_delta_log")
    }
    assert raw, "no raw table was written"
    journal = DeltaTable(store / "journal").to_pyarrow_table(columns=["key", "at", "content"]).sort_by("key")
    return {"features": features["files"], "raw rows": raw, "journal": journal.to_pylist()}
