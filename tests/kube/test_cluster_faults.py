"""What goes wrong in a cluster: its API, its nodes, its pods."""

import threading
import time

import pytest
from kubernetes.client.exceptions import ApiException

from tests.kube.answers import condition, terminated, until
from tests.kube.manifests import shell

pytestmark = pytest.mark.slow

LISTENS = "trap 'exit 75' TERM; echo up; while :; do sleep 0.05; done"


def start(cluster, name, script=LISTENS, **spec):
    cluster.create_pod(shell(name, script, **spec))
    return cluster.wait_phase(name, "Running")


@pytest.mark.double_only("its API can be taken down")
def test_pods_outlive_their_api(cluster):
    start(cluster, "steady", "echo before; sleep 1; echo after; exit 4")
    followed = []

    def follow():
        response = cluster.core.read_namespaced_pod_log(
            "steady", cluster.namespace, follow=True, _preload_content=False
        )
        try:
            for block in response.stream():
                followed.append(block)
        except Exception as dropped:
            followed.append(type(dropped))

    follower = threading.Thread(target=follow)
    follower.start()
    until(lambda: followed)
    with cluster.api_down():
        follower.join(10)
        with pytest.raises(Exception, match="refused"):
            cluster.pods()
    assert followed[0] == b"before\n" and followed[-1].__name__ in ("ProtocolError", "InvalidChunkLength")
    assert terminated(cluster.wait_phase("steady", "Failed")).exit_code == 4
    assert cluster.log("steady") == "before\nafter\n"


@pytest.mark.double_only("its API can be taken down")
def test_an_api_comes_back_where_it_was(cluster):
    url = cluster.url
    cluster.restart_api(down_s=0.1)
    assert cluster.pods() == [] and cluster.url == url


def test_an_evicted_pod_says_so_and_goes(cluster):
    script = "trap 'echo asked; sleep 1; exit 75' TERM; echo up; while :; do sleep 0.05; done"
    start(cluster, "evicted", script, terminationGracePeriodSeconds=10)
    until(lambda: "up" in cluster.log("evicted"))
    cluster.evict("evicted")
    leaving = cluster.pod("evicted")
    assert leaving.metadata.deletion_timestamp
    assert condition(leaving, "DisruptionTarget") == ("True", "EvictionByEvictionAPI", "Eviction API: evicting")
    cluster.wait_gone("evicted")


@pytest.mark.double_only("a node under pressure")
def test_a_node_under_pressure_fails_the_pod_and_keeps_it(cluster):
    start(cluster, "squeezed")
    cluster.evict_under_pressure("squeezed")
    failed = cluster.wait_phase("squeezed", "Failed")
    assert failed.status.reason == "Evicted" and failed.status.message.startswith(
        "The node was low on resource: memory"
    )
    assert condition(failed, "DisruptionTarget")[:2] == ("True", "TerminationByKubelet")


@pytest.mark.double_only("a scheduler that obeys")
def test_a_preempted_pod_says_so(cluster):
    script = "trap 'sleep 1; exit 75' TERM; echo up; while :; do sleep 0.05; done"
    start(cluster, "preempted", script, terminationGracePeriodSeconds=9)
    until(lambda: "up" in cluster.log("preempted"))
    cluster.preempt("preempted")
    assert condition(cluster.pod("preempted"), "DisruptionTarget")[1] == "PreemptionByScheduler"
    cluster.wait_gone("preempted")


@pytest.mark.double_only("objects that vanish")
def test_a_vanished_pod_is_gone_at_once(cluster):
    cluster.create_pod(shell("collected", "true"))
    cluster.wait_phase("collected", "Succeeded")
    cluster.vanish("collected")
    assert cluster.pod("collected") is None


@pytest.mark.double_only("nodes that can be lost")
def test_a_lost_node_leaves_its_pod_terminating_and_running_until_it_is_back(cluster):
    node = start(cluster, "far").spec.node_name
    cluster.lose_node(node)
    lost = cluster.pod("far")
    assert (lost.status.phase, lost.status.reason) == ("Running", "NodeLost") and lost.metadata.deletion_timestamp
    with pytest.raises(ApiException, match="no route to host"):
        cluster.log("far")
    time.sleep(1.2)  # its grace, which nobody there has heard of
    assert cluster.pod("far") and cluster.lives("far")[0].ended_at is None
    cluster.recover_node(node)
    cluster.wait_gone("far")
    assert cluster.lives("far")[0].ended_at


@pytest.mark.double_only("nodes that can be lost")
def test_a_removed_node_takes_pods_and_processes_with_it(cluster):
    node = start(cluster, "doomed").spec.node_name
    cluster.remove_node(node)
    assert cluster.pod("doomed") is None and cluster.lives("doomed")[0].ended_at


@pytest.mark.double_only("it knows when processes lived")
def test_two_pods_of_one_task_at_once_are_seen(cluster):
    for name in ("try-1", "try-2", "other"):
        manifest = shell(name, LISTENS)
        manifest["metadata"]["labels"] = {"dag_id": "d", "task_id": "t", "run_id": "r" if name != "other" else "s"}
        cluster.create_pod(manifest)
    for name in ("try-1", "try-2", "other"):
        cluster.wait_phase(name, "Running")
    assert [(one.name, other.name) for one, other in cluster.overlaps()] == [("try-1", "try-2")]
