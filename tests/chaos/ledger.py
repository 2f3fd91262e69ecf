"""What a store and its registry hold when all is over: nothing lost, nothing twice."""

import json
from collections import Counter
from pathlib import Path

import boto3
from deltalake import DeltaTable

from compose.demo import client_environment
from pipelines.registry import Registry

BUCKET, MODEL = "trainyard", "flight_delay"


def download(settings: dict[str, str], folder: Path) -> Path:
    """The whole store of a stack."""
    told = client_environment(settings)
    s3 = boto3.client(
        "s3",
        endpoint_url=told["AWS_ENDPOINT_URL"],
        region_name=told["AWS_REGION"],
        aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=told["AWS_SECRET_ACCESS_KEY"],
    )
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="store/"):
        for one in page.get("Contents", []):
            file = folder / one["Key"].removeprefix("store/")
            file.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(BUCKET, one["Key"], str(file))
    return folder


def rows(store: Path, table: str) -> dict[str, int]:
    """Of a table of partitions, by partition."""
    parts = DeltaTable(store / table).to_pyarrow_table(columns=["part"])["part"].to_pylist()
    return dict(Counter(parts))


def scored(store: Path) -> dict[str, int]:
    """Rows of each partition, as the manifests of its predictions say."""
    manifests = (store / f"predictions_manifests/{MODEL}").glob("*.json")
    return {path.stem: json.loads(path.read_text())["rows"] for path in manifests}


def events(store: Path) -> list[tuple[str, str]]:
    """Kind and key of every event of the journal, in order."""
    table = DeltaTable(store / "journal").to_pyarrow_table(columns=["kind", "key"]).sort_by("key")
    return list(zip(table["kind"].to_pylist(), table["key"].to_pylist(), strict=True))


def versions(settings: dict[str, str]) -> list[int]:
    """Of the model, in MLflow."""
    registry = Registry(client_environment(settings)["MLFLOW_TRACKING_URI"])
    return sorted(int(one.version) for one in registry.client.search_model_versions(f"name='{MODEL}'"))
