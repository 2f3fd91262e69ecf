"""Pods as the API keeps them: defaults, conditions, states."""

from typing import Any

from tests.kube.cluster.quantities import total
from tests.kube.cluster.store import now

Pod = dict[str, Any]
TERMINAL = ("Succeeded", "Failed")
TOLERATED_S = 300


def with_defaults(pod: Pod) -> None:
    """Fill in what the API server fills in. Source: pkg/apis/core/v1/defaults.go."""
    spec = pod["spec"]
    for key, value in {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "enableServiceLinks": True,
    }.items():
        spec.setdefault(key, value)
    for container in spec.get("containers") or []:
        fixed = "@" in container.get("image", "") or not container.get("image", "").endswith(":latest")
        container.setdefault("imagePullPolicy", "IfNotPresent" if fixed else "Always")
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        resources = container.setdefault("resources", {}) or {}
        if limits := resources.get("limits"):
            resources["requests"] = {**limits, **(resources.get("requests") or {})}
    for condition in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{condition}"
        tolerations = spec.setdefault("tolerations", [])
        if not any(one.get("key") in (key, None) and one.get("operator") == "Exists" for one in tolerations):
            tolerations.append(
                {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATED_S}
            )
    pod["status"] = {"phase": "Pending", "qosClass": _qos(pod)}


def _qos(pod: Pod) -> str:
    requests, limits = total(pod, "requests"), total(pod, "limits")
    if not requests and not limits:
        return "BestEffort"
    everywhere = all(
        {"cpu", "memory"} <= set((container["resources"] or {}).get("limits") or {})
        for container in pod["spec"]["containers"]
    )
    return "Guaranteed" if everywhere and requests == limits else "Burstable"


def set_condition(pod: Pod, kind: str, status: bool, reason: str = "", message: str = "") -> None:
    """The time of transition moves only when the status does."""
    conditions = pod["status"].setdefault("conditions", [])
    wanted = {"type": kind, "status": str(status)} | {
        key: value for key, value in (("reason", reason), ("message", message)) if value
    }
    standing = next((one for one in conditions if one["type"] == kind), None)
    since = standing["lastTransitionTime"] if standing and standing["status"] == str(status) else now()
    wanted |= {"lastTransitionTime": since}
    if standing:
        conditions[conditions.index(standing)] = wanted
    else:
        conditions.append(wanted)


def is_terminal(pod: Pod) -> bool:
    return pod["status"].get("phase") in TERMINAL


def is_terminating(pod: Pod) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def shown(pod: Pod) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
