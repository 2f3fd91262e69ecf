"""What the cluster refuses or cannot place, in the words of a real one."""

import pytest

from tests.kube.answers import condition, refusal
from tests.kube.cluster import node, running_cluster
from tests.kube.manifests import asking, pod, shell

pytestmark = [pytest.mark.slow, pytest.mark.double_only("nodes, quotas and roles of a known cluster")]

GPU = "nvidia.com/gpu"
TAINT = {"key": GPU, "value": "present", "effect": "NoSchedule"}


@pytest.fixture
def two_nodes(tmp_path):
    """One node without a GPU, and one with a GPU and its taint."""
    nodes = [
        node("plain", cpu="4", memory="8Gi"),
        node("gpu", cpu="4", memory="8Gi", gpus=1, taints=[TAINT], labels={"pool": "gpu"}),
    ]
    with running_cluster(tmp_path / "two", nodes=nodes) as cluster:
        yield cluster


def unschedulable(cluster, name):
    """Why, in the scheduler's words."""
    held = cluster.wait(name, lambda pod: pod.status.conditions)
    status, reason, message = condition(held, "PodScheduled")
    assert (held.status.phase, status, reason) == ("Pending", "False", "Unschedulable")
    assert ("FailedScheduling", message) in cluster.events(name)
    return message


def test_a_gpu_without_a_toleration_fits_nowhere(two_nodes):
    two_nodes.create_pod(asking(shell("wants", "true"), **{GPU: "1"}))
    assert unschedulable(two_nodes, "wants").startswith(
        "0/2 nodes are available: 1 Insufficient nvidia.com/gpu, "
        "1 node(s) had untolerated taint {nvidia.com/gpu: present}."
    )


def test_a_selector_that_no_node_has(two_nodes):
    everywhere = [{"operator": "Exists"}]
    two_nodes.create_pod(shell("elsewhere", "true", nodeSelector={"pool": "spot"}, tolerations=everywhere))
    assert unschedulable(two_nodes, "elsewhere") == (
        "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. "
        "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
    )


def test_a_pod_with_all_that_the_gpu_asks_for_runs_there(two_nodes):
    tolerations = [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
    manifest = shell("fits", "true", nodeSelector={"pool": "gpu"}, tolerations=tolerations)
    two_nodes.create_pod(asking(manifest, **{GPU: "1"}))
    assert two_nodes.wait_phase("fits", "Succeeded").spec.node_name == "gpu"


def test_a_waiting_pod_is_placed_when_a_node_comes(two_nodes):
    two_nodes.create_pod(asking(shell("large", "true"), cpu="32"))
    assert "Insufficient cpu" in unschedulable(two_nodes, "large")
    two_nodes.add_node(node("large"))
    assert two_nodes.wait_phase("large", "Succeeded").spec.node_name == "large"


def test_a_cordoned_node_takes_nothing(two_nodes):
    two_nodes.cordon("plain")
    two_nodes.create_pod(shell("late", "true"))
    assert "1 node(s) were unschedulable" in unschedulable(two_nodes, "late")
    two_nodes.cordon("plain", unschedulable=False)
    two_nodes.wait_phase("late", "Succeeded")


def test_a_higher_priority_ends_a_lower_one_to_take_its_place(two_nodes):
    busy = "trap 'exit 75' TERM; while :; do sleep 0.05; done"
    two_nodes.create_pod(asking(shell("backfill", busy, priorityClassName="trainyard-backfill"), cpu="3"))
    two_nodes.wait_phase("backfill", "Running")
    two_nodes.create_pod(asking(shell("serving", "true", priorityClassName="trainyard-serving"), cpu="3"))
    two_nodes.wait_phase("serving", "Succeeded")
    reasons = [reason for reason, _ in two_nodes.events("backfill")]
    assert "Preempted" in reasons and "Killing" in reasons
    lower, higher = two_nodes.lives()
    assert (lower.name, higher.name) == ("backfill", "serving") and not lower.overlaps(higher)


def test_a_quota_refuses_what_is_over_it(cluster):
    cluster.quota({"requests.nvidia.com/gpu": "1", "requests.memory": "2Gi"})
    held = shell("first", "true", nodeSelector={"no": "where"})
    cluster.create_pod(asking(held, memory="1Gi", **{GPU: "1"}))
    status = refusal(cluster.create_pod, asking(shell("second", "true"), memory="1536Mi", **{GPU: "1"}))
    assert (status["code"], status["reason"]) == (403, "Forbidden")
    assert status["message"] == (
        'pods "second" is forbidden: exceeded quota: trainyard, '
        "requested: requests.memory=1536Mi,requests.nvidia.com/gpu=1, "
        "used: requests.memory=1Gi,requests.nvidia.com/gpu=1, "
        "limited: requests.memory=2Gi,requests.nvidia.com/gpu=1"
    )
    used = cluster.core.read_namespaced_resource_quota("trainyard", cluster.namespace).status.used
    assert used == {"requests.nvidia.com/gpu": "1", "requests.memory": "1Gi"}


def test_a_quota_refuses_a_container_that_does_not_say(cluster):
    cluster.quota({"limits.memory": "2Gi"})
    assert refusal(cluster.create_pod, shell("silent", "true"))["message"] == (
        'pods "silent" is forbidden: failed quota: trainyard: must specify limits.memory for: base'
    )


def test_an_ended_pod_gives_its_quota_back(cluster):
    cluster.quota({"pods": "1"})
    for name in ("first", "second"):
        cluster.create_pod(shell(name, "true"))
        cluster.wait_phase(name, "Succeeded")


@pytest.mark.parametrize(
    "verb, resource, act, message",
    [
        ("create", "pods", lambda it: it.create_pod(shell("x", "true")), 'pods is forbidden: '
         'User "{user}" cannot create resource "pods" in API group "" in the namespace "trainyard"'),
        ("get", "pods/log", lambda it: it.core.read_namespaced_pod_log("x", it.namespace), 'pods "x" is forbidden: '
         'User "{user}" cannot get resource "pods/log" in API group "" in the namespace "trainyard"'),
        ("list", "events", lambda it: it.events("x"), 'events is forbidden: User "{user}" cannot list '
         'resource "events" in API group "" in the namespace "trainyard"'),
    ],
    ids=["create pods", "get pods/log", "list events"],
)  # fmt: skip
def test_a_role_that_lacks_a_verb(cluster, verb, resource, act, message):
    grant = cluster.forbid(verb, resource)
    assert refusal(act, cluster)["message"] == message.format(user="system:serviceaccount:airflow:worker")
    grant()
    cluster.create_pod(shell("y", "true"))


def test_a_careless_pod_violates_the_restricted_standard(cluster):
    careless = pod("careless", "true")
    del careless["spec"]["containers"][0]["securityContext"]
    careless["spec"]["containers"].append({"name": "airflow-xcom-sidecar", "image": "alpine:3", "command": ["true"]})
    both = 'containers "base", "airflow-xcom-sidecar"'
    assert refusal(cluster.create_pod, careless)["message"] == (
        'pods "careless" is forbidden: violates PodSecurity "restricted:latest": '
        f"allowPrivilegeEscalation != false ({both} must set securityContext.allowPrivilegeEscalation=false), "
        f'unrestricted capabilities ({both} must set securityContext.capabilities.drop=["ALL"]), '
        f"runAsNonRoot != true (pod or {both} must set securityContext.runAsNonRoot=true), "
        f"seccompProfile (pod or {both} must set securityContext.seccompProfile.type "
        'to "RuntimeDefault" or "Localhost")'
    )


def test_a_careless_sidecar_alone_is_named(cluster):
    sidecar = {"name": "airflow-xcom-sidecar", "image": "alpine:3", "command": ["true"]}
    manifest = pod("mixed", "true")
    manifest["spec"]["containers"].append(sidecar)
    message = refusal(cluster.create_pod, manifest)["message"]
    assert 'allowPrivilegeEscalation != false (container "airflow-xcom-sidecar" must set' in message
    assert '"base"' not in message


@pytest.mark.parametrize(
    "spec, code, message",
    [
        ({"priorityClassName": "urgent"}, 403, 'pods "x" is forbidden: no PriorityClass with name urgent was found'),
        ({"serviceAccountName": "ghost"}, 403, 'pods "x" is forbidden: error looking up service account '
         'trainyard/ghost: serviceaccount "ghost" not found'),
        ({"containers": []}, 422, 'Pod "x" is invalid: spec.containers: Required value'),
        ({"restartPolicy": "Always"}, 422, 'Pod "x" is invalid: spec.restartPolicy: Unsupported value: "Always": '
         'this double supports: "Never"'),
    ],
    ids=["priority class", "service account", "no container", "restarts"],
)  # fmt: skip
def test_a_pod_that_cannot_be(cluster, spec, code, message):
    status = refusal(cluster.create_pod, pod("x", "true", **spec))
    assert (status["code"], status["message"]) == (code, message)


def test_a_label_must_be_a_label(cluster):
    manifest = shell("labelled", "true")
    manifest["metadata"]["labels"] = {"run_id": "manual__2013-01-01T00:00:00+00:00"}
    message = refusal(cluster.create_pod, manifest)["message"]
    assert message.startswith('Pod "labelled" is invalid: metadata.labels: Invalid value: "manual__2013')


def test_a_request_over_its_limit_is_invalid(cluster):
    status = refusal(cluster.create_pod, asking(shell("x", "true"), requests={"memory": "2Gi"}, memory="1Gi"))
    assert status["message"] == (
        'Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "2Gi": '
        "must be less than or equal to memory limit of 1Gi"
    )
