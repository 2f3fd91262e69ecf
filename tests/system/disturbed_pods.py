"""What befalls the loop whose steps are pods."""

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from embedded import cluster, stack
from tests.kube.cluster import ClusterAccess
from tests.system.loop import Disturbance

STEP = "trainyard/step"


@dataclass(frozen=True)
class Blow:
    """What is done to the first running pod of a step whose log has a word."""

    name: str
    step: str
    strike: Callable[[Any], None]
    word: str = ""


class DisturbedPods(Disturbance):
    """Kills the triggerer while a partition is validated, the scheduler while a model is trained; evicts the
    training's pod once it fits; restarts Kubernetes' API while a candidate is evaluated."""

    def __init__(self, running: stack.Running) -> None:
        super().__init__(running)
        self.cluster = ClusterAccess(cluster.folder(running.home) / "kubeconfig.yaml", cluster.NAMESPACE)
        self.plan = [
            Blow("triggerer killed", "validate", lambda pod: self.kill("triggerer")),
            Blow("scheduler killed", "train", lambda pod: self.kill("scheduler")),
            Blow("pod evicted", "train", lambda pod: self.cluster.evict(pod.metadata.name), word="fitting"),
            Blow("API restarted", "evaluate", lambda pod: os.kill(self.pid_of("kubernetes"), signal.SIGUSR1)),
        ]

    def look(self) -> None:
        # The API that is asked here is the one that is restarted; and a pod may be gone before its log is read.
        with contextlib.suppress(ApiException, HTTPError):
            for pod in self.cluster.pods(STEP):
                if pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None:
                    self.strike(pod)

    def strike(self, pod: Any) -> None:
        for blow in [blow for blow in self.plan if blow.step == pod.metadata.labels[STEP]]:
            if blow.word in (self.cluster.log(pod.metadata.name) if blow.word else ""):
                blow.strike(pod)
                self.plan.remove(blow)
                self.done.append(blow.name)
