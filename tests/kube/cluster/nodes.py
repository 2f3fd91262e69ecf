"""Nodes, and why a pod does not fit one. Source: pkg/scheduler/framework/plugins."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.kube.cluster.quantities import Amounts, parse, total

GPU = "nvidia.com/gpu"
UNREACHABLE = "node.kubernetes.io/unreachable"
Node = dict[str, Any]
Taint = dict[str, str]


def node(
    name: str,
    cpu: str = "64",
    memory: str = "256Gi",
    gpus: int = 0,
    labels: Mapping[str, str] | None = None,
    taints: Sequence[Taint] = (),
) -> Node:
    """taints: of the form {"key": …, "value": …, "effect": "NoSchedule"}."""
    room = {"cpu": cpu, "memory": memory, "ephemeral-storage": "500Gi", "pods": "110"}
    capacity = room | ({GPU: str(gpus)} if gpus else {})
    return {
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": [dict(taint) for taint in taints]},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}],
        },
    }


def misfits(pod: dict[str, Any], on: Node, taken: Amounts) -> list[str]:
    """Why the pod cannot go there, as the scheduler says it: the reasons of the first plugin that refuses.

    taken: what the pods of that node request.
    """
    if on["spec"].get("unschedulable"):
        return ["node(s) were unschedulable"]
    for taint in on["spec"].get("taints") or []:
        if taint["effect"] != "PreferNoSchedule" and not _tolerates(pod, taint):
            return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    if not _selects(pod, on["metadata"].get("labels") or {}):
        return ["node(s) didn't match Pod's node affinity/selector"]
    return _insufficient(pod, on, taken)


def _insufficient(pod: dict[str, Any], on: Node, taken: Amounts) -> list[str]:
    room = {resource: parse(quantity) for resource, quantity in on["status"]["allocatable"].items()}
    wanted = {**total(pod, "requests"), "pods": Decimal(1)}
    short = [name for name, amount in wanted.items() if amount and amount + taken.get(name, 0) > room.get(name, 0)]
    return ["Too many pods" if name == "pods" else f"Insufficient {name}" for name in short]


def _tolerates(pod: dict[str, Any], taint: Taint) -> bool:
    for one in pod["spec"].get("tolerations") or []:
        same_effect = one.get("effect") in (None, "", taint["effect"])
        same_key = not one.get("key") or one["key"] == taint["key"]
        any_value = one.get("operator") == "Exists"
        if same_effect and same_key and (any_value or one.get("value", "") == taint.get("value", "")):
            return True
    return False


def _selects(pod: dict[str, Any], labels: Mapping[str, str]) -> bool:
    selector = pod["spec"].get("nodeSelector") or {}
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    affinity = ((pod["spec"].get("affinity") or {}).get("nodeAffinity")) or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    return any(
        all(_MATCHES[one["operator"]](labels.get(one["key"]), one.get("values") or []) for one in expressions)
        for term in required["nodeSelectorTerms"]
        if (expressions := term.get("matchExpressions") or [])
    )


_MATCHES: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda found, values: found in values,
    "NotIn": lambda found, values: found not in values,
    "Exists": lambda found, _: found is not None,
    "DoesNotExist": lambda found, _: found is None,
    "Gt": lambda found, values: found is not None and int(found) > int(values[0]),
    "Lt": lambda found, values: found is not None and int(found) < int(values[0]),
}
