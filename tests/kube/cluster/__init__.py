"""A Kubernetes cluster for tests: the API over HTTP, a scheduler, and kubelets that run pods as processes here.

Read in this order: kinds, store, objects, api (what clients see); admission, scheduler (what decides);
kubelet, pod_worker, container (what runs); faults (what a test breaks); double (how a test gets one).
"""

from tests.kube.cluster.access import ClusterAccess
from tests.kube.cluster.double import ClusterDouble, running_cluster
from tests.kube.cluster.nodes import node

__all__ = ["ClusterAccess", "ClusterDouble", "node", "running_cluster"]
