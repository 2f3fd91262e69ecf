"""Pods for tests: small, and fit for a namespace that enforces the restricted standard."""

import os
from typing import Any

IMAGE = os.environ.get("TRAINYARD_STEPS_IMAGE", "double/steps:1")
SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 65534,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod(name: str, *command: str, **spec: Any) -> dict[str, Any]:
    """One container `base` that runs the command; spec: what to add to the pod's own."""
    base = {"name": "base", "image": IMAGE, "command": list(command), "securityContext": SECURITY}
    return {
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "restartPolicy": "Never",
            "containers": [base],
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            **spec,
        },
    }


def shell(name: str, script: str, **spec: Any) -> dict[str, Any]:
    return pod(name, "sh", "-c", script, **spec)


def python(name: str, script: str, **spec: Any) -> dict[str, Any]:
    return pod(name, "python", "-c", script, **spec)


def asking(manifest: dict[str, Any], *, requests: dict[str, str] | None = None, **limits: str) -> dict[str, Any]:
    """The same pod with resources; limits: `memory="64Mi"`."""
    resources = {"limits": limits} if limits else {}
    manifest["spec"]["containers"][0]["resources"] = resources | ({"requests": requests} if requests else {})
    return manifest
