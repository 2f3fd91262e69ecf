"""What a store and its registry hold when all is over: nothing lost, nothing twice."""

import json
from collections import Counter
from pathlib import Path

from deltalake import DeltaTable

from compose.demo import client_environment
from pipelines.registry import Registry

MODEL = "flight_delay"


def rows(store: Path, table: str) -> dict[str, int]:
    """Of a table of partitions, by partition."""
    parts = DeltaTable(store / table).to_pyarrow_table(columns=["part"])["part"].to_pylist()
    return dict(Counter(parts))


def scored(store: Path) -> dict[str, int]:
    """Rows of each partition, as the manifests of its predictions say."""
    manifests = (store / f"predictions_manifests/{MODEL}").glob("*.json")
    return {path.stem: json.loads(path.read_text())["rows"] for path in manifests}


def event_keys(store: Path) -> list[str]:
    """Of every event of the journal."""
    keys: list[str] = DeltaTable(store / "journal").to_pyarrow_table(columns=["key"])["key"].to_pylist()
    return keys


def versions(settings: dict[str, str]) -> list[int]:
    """Of the model, in MLflow."""
    registry = Registry(client_environment(settings)["MLFLOW_TRACKING_URI"])
    return sorted(int(one.version) for one in registry.client.search_model_versions(f"name='{MODEL}'"))
