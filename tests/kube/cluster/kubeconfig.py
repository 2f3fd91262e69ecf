"""The file by which clients find the cluster."""

from pathlib import Path

import yaml


def kubeconfig(url: str, namespace: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "double", "cluster": {"server": url}}],
        "users": [{"name": "worker", "user": {}}],
        "contexts": [{"name": "double", "context": {"cluster": "double", "user": "worker", "namespace": namespace}}],
        "current-context": "double",
    }


def write_kubeconfig(path: Path, url: str, namespace: str) -> Path:
    path.write_text(yaml.safe_dump(kubeconfig(url, namespace)))
    return path
