"""Gives each pod a node, or says why none will do; ends pods of lower priority to make room."""

import asyncio
from collections import Counter
from typing import Any

from tests.kube.cluster.deletion import request_deletion
from tests.kube.cluster.events import Events
from tests.kube.cluster.kinds import NODES, PODS
from tests.kube.cluster.nodes import misfits
from tests.kube.cluster.pods import is_terminal, is_terminating, set_condition, shown
from tests.kube.cluster.quantities import added, total
from tests.kube.cluster.store import Store

Pod = dict[str, Any]
NAME = "default-scheduler"


class Scheduler:
    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events

    async def run(self) -> None:
        """Look at the waiting pods whenever a pod or a node has changed."""
        with self._store.listening() as changes:
            while True:
                self.schedule()
                relevant = False
                while not relevant or not changes.empty():
                    relevant |= (await changes.get()).kind in (PODS, NODES)
                await asyncio.sleep(0)

    def schedule(self) -> None:
        waiting = [pod for pod in self._store.all(PODS) if _waits(pod)]
        for pod in sorted(waiting, key=lambda pod: (-pod["spec"]["priority"], pod["metadata"]["creationTimestamp"])):
            self._place(pod)

    def _place(self, pod: Pod) -> None:
        nodes = self._store.all(NODES)
        reasons = {one["metadata"]["name"]: misfits(pod, one, self._taken(one)) for one in nodes}
        fitting = [name for name, found in reasons.items() if not found]
        if fitting:
            self._bind(pod, min(fitting, key=lambda name: (len(self._pods_on(name)), name)))
            return
        victims = self._victims(pod, nodes)
        self._cannot(pod, reasons, preempting=bool(victims))
        for victim in victims:
            self.preempt(victim, by=pod)

    def _bind(self, pod: Pod, node: str) -> None:
        def bound(pod: Pod) -> None:
            pod["spec"]["nodeName"] = node
            set_condition(pod, "PodScheduled", True)

        self._store.update(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], bound)
        message = f"Successfully assigned {shown(pod)} to {node}"
        self._events.record(pod, "Scheduled", message, source=NAME)

    def _cannot(self, pod: Pod, reasons: dict[str, list[str]], preempting: bool) -> None:
        message = _why(reasons, preempting)

        def unschedulable(pod: Pod) -> None:
            set_condition(pod, "PodScheduled", False, "Unschedulable", message)

        before = pod["status"].get("conditions")
        after = self._store.update(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"], unschedulable)
        if after["status"]["conditions"] != before:
            self._events.record(pod, "FailedScheduling", message, source=NAME, warning=True)

    def _pods_on(self, node: str) -> list[Pod]:
        return [pod for pod in self._store.all(PODS) if pod["spec"].get("nodeName") == node and not is_terminal(pod)]

    def _taken(self, node: Pod) -> Counter[str]:
        return _requested(self._pods_on(node["metadata"]["name"]))

    def _victims(self, pod: Pod, nodes: list[Pod]) -> list[Pod]:
        """The fewest pods of lower priority whose end makes room on one node; none while such are ending already."""
        if pod["spec"]["preemptionPolicy"] == "Never":
            return []
        choices = [victims for one in nodes if (victims := self._victims_on(one, pod))]
        return min(choices, key=len, default=[])

    def _victims_on(self, node: Pod, pod: Pod) -> list[Pod]:
        standing = sorted(self._pods_on(node["metadata"]["name"]), key=lambda one: one["spec"]["priority"])
        if any(is_terminating(one) for one in standing):
            return []
        lower = sum(one["spec"]["priority"] < pod["spec"]["priority"] for one in standing)
        for count in range(1, lower + 1):
            if not misfits(pod, node, _requested(standing[count:])):
                return standing[:count]
        return []

    def preempt(self, victim: Pod, by: Pod | None = None) -> None:
        message = f"{NAME}: preempting to accommodate a higher priority pod"

        def disrupted(pod: Pod) -> None:
            set_condition(pod, "DisruptionTarget", True, "PreemptionByScheduler", message)

        namespace, name = victim["metadata"]["namespace"], victim["metadata"]["name"]
        self._store.update(PODS, namespace, name, disrupted)
        whom = f"pod {by['metadata']['uid']}" if by else "a pod"
        said = f"Preempted by {whom} on node {victim['spec'].get('nodeName')}"
        self._events.record(victim, "Preempted", said, source=NAME)
        request_deletion(self._store, namespace, name)


def _requested(pods: list[Pod]) -> Counter[str]:
    return added([*(total(pod, "requests") for pod in pods), {"pods": len(pods)}])


def _waits(pod: Pod) -> bool:
    return not pod["spec"].get("nodeName") and not is_terminal(pod) and not is_terminating(pod)


def _why(reasons: dict[str, list[str]], preempting: bool) -> str:
    if not reasons:
        return "no nodes available to schedule pods"
    counts = Counter(reason for found in reasons.values() for reason in found)
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    none = f"0/{len(reasons)} nodes are available"
    no_help = sum(not any(said.startswith("Insufficient") for said in found) for found in reasons.values())
    could = len(reasons) - no_help
    parts = [f"{could} No preemption victims found for incoming pod"] if could and not preempting else []
    parts += [f"{no_help} Preemption is not helpful for scheduling"] if no_help else []
    after = f" preemption: {none}: {', '.join(parts)}." if parts and not preempting else ""
    return f"{none}: {listed}.{after}"
