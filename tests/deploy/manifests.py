"""What is under deploy/, as data: files as they stand, and overlays as kustomize renders them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
DEPLOY = REPOSITORY / "deploy"
KUSTOMIZE = DEPLOY / "kustomize"
OVERLAYS = ("dev", "prod")
# Of the cluster that deploy/terraform makes.
KUBERNETES = "1.33"
STEPS = "trainyard"

Manifest = dict[str, Any]


@cache
def rendered(overlay: str) -> tuple[Manifest, ...]:
    """All objects of an overlay; without kubectl, which renders them, the test is skipped."""
    folder = KUSTOMIZE / "overlays" / overlay
    return tuple(one for one in yaml.safe_load_all(rendered_text(folder)) if one)


@cache
def rendered_text(folder: Path) -> str:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed: its `kubectl kustomize` renders the overlays")
    done = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{folder}: {done.stderr}"
    return done.stdout


def files() -> list[tuple[Path, Manifest]]:
    """Every object that stands in a file of its own, before an overlay patches it."""
    return [
        (path, one)
        for path in sorted(KUSTOMIZE.rglob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if one and one["kind"] not in ("Kustomization", "Cluster")
    ]


def of_kind(overlay: str, kind: str, namespace: str | None = None) -> list[Manifest]:
    return [
        one
        for one in rendered(overlay)
        if one["kind"] == kind and namespace in (None, one["metadata"].get("namespace"))
    ]


def named(overlay: str, kind: str, name: str, namespace: str | None = None) -> Manifest:
    (found,) = [one for one in of_kind(overlay, kind, namespace) if one["metadata"]["name"] == name]
    return found


def title(one: Manifest) -> str:
    return f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}"
