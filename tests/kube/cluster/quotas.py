"""ResourceQuota: what the pods of a namespace may ask for together.

Source: kubernetes.io/docs/concepts/policy/resource-quotas and the plugin's own messages.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

from tests.kube.cluster.kinds import KINDS, PODS
from tests.kube.cluster.pods import is_terminal
from tests.kube.cluster.quantities import added, parse, total, written
from tests.kube.cluster.refusal import forbidden
from tests.kube.cluster.store import Store

QUOTAS = KINDS["resourcequotas"]
SHORT = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}


def usage(pod: dict[str, Any]) -> Counter[str]:
    """What a pod counts for, under the long names."""
    counted: Counter[str] = Counter({"pods": Decimal(1)})
    for what in ("requests", "limits"):
        for resource, amount in total(pod, what).items():
            counted[f"{what}.{resource}"] += amount
    return counted


def used(store: Store, namespace: str) -> Counter[str]:
    """By pods that have not ended."""
    return added(usage(pod) for pod in store.all(PODS, namespace) if not is_terminal(pod))


def admit_quota(store: Store, namespace: str, pod: dict[str, Any]) -> None:
    for quota in store.all(QUOTAS, namespace):
        hard = {name: parse(quantity) for name, quantity in quota["spec"].get("hard", {}).items()}
        _every_container_says(quota["metadata"]["name"], hard, pod)
        wanted, standing = usage(pod), used(store, namespace)
        over = [
            name
            for name, limit in sorted(hard.items())
            if wanted[SHORT.get(name, name)] and wanted[SHORT.get(name, name)] + standing[SHORT.get(name, name)] > limit
        ]
        if over:
            lists = {
                "requested": {name: wanted[SHORT.get(name, name)] for name in over},
                "used": {name: standing[SHORT.get(name, name)] for name in over},
                "limited": {name: hard[name] for name in over},
            }
            said = ", ".join(f"{word}: {_listed(amounts)}" for word, amounts in lists.items())
            raise forbidden(PODS, pod["metadata"]["name"], f"exceeded quota: {quota['metadata']['name']}, {said}")


def _listed(amounts: dict[str, Any]) -> str:
    return ",".join(f"{name}={written(name, Decimal(amount))}" for name, amount in amounts.items())


def _every_container_says(quota: str, hard: dict[str, Decimal], pod: dict[str, Any]) -> None:
    """A quota on CPU or memory refuses a container that does not say how much it wants."""
    silent = []
    for name in sorted(hard):
        what, _, resource = SHORT.get(name, name).partition(".")
        if resource not in ("cpu", "memory"):
            continue
        without = [
            container["name"]
            for container in pod["spec"]["containers"]
            if resource not in ((container.get("resources") or {}).get(what) or {})
        ]
        if without:
            silent.append(f"{name} for: {','.join(sorted(without))}")
    if silent:
        why = f"failed quota: {quota}: must specify {'; '.join(silent)}"
        raise forbidden(PODS, pod["metadata"]["name"], why)


def with_status(store: Store, quota: dict[str, Any]) -> dict[str, Any]:
    """The quota as a reader sees it: with what is used."""
    standing = used(store, quota["metadata"]["namespace"])
    hard = quota["spec"].get("hard", {})
    amounts = {name: written(name, Decimal(standing[SHORT.get(name, name)])) for name in hard}
    return {**quota, "status": {"hard": hard, "used": amounts}}
