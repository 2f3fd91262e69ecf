"""The step operator in pods: what the cluster, or the caller's own setting, refuses is named with its remedy."""

import json

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from tests.kube.manifests import shell
from tests.kube.programs import CLASSES, LEAVES, RESULT

pytestmark = pytest.mark.slow


def test_an_image_that_nobody_has_is_named(steps, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", "trainyard/steps:missing")
    with pytest.raises(AirflowException, match=r"trainyard/steps:missing cannot be pulled.*TRAINYARD_STEPS_IMAGE"):
        steps(LEAVES).run()


def test_an_image_without_a_tag_starts_no_pod(steps, cluster, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", "trainyard/steps")
    with pytest.raises(AirflowFailException, match="by digest or by a tag other than latest"):
        steps(LEAVES).run()
    assert cluster.pods() == []


def test_an_unschedulable_pod_says_what_no_node_has(steps, cluster, tmp_path, monkeypatch):
    asks = CLASSES.replace('memory = "96Mi"', 'memory = "96Mi"\nnode_selector = { "disk" = "nvme" }')
    (tmp_path / "classes.toml").write_text(asks)
    with pytest.raises(AirflowException, match=r"No node takes the pod: 0/.*node affinity/selector"):
        steps(LEAVES, schedule_timeout_seconds=1, startup_timeout_seconds=1).run()
    assert cluster.pods() == [] or cluster.pods()[0].metadata.deletion_timestamp


def test_a_class_larger_than_the_quota_is_refused_for_good(steps, cluster):
    cluster.quota({"limits.memory": "64Mi"})
    with pytest.raises(AirflowFailException, match=r"more than the whole quota .*limits\.memory"):
        steps(LEAVES).run()


def test_a_quota_that_others_use_up_is_waited_for(steps, cluster):
    cluster.quota({"pods": "0"}, name="frozen")
    cluster.quota({"pods": "1"}, name="small")
    task = steps(LEAVES)
    with pytest.raises(AirflowFailException, match="more than the whole quota frozen"):
        task.run()
    cluster.quota({"pods": "2"}, name="frozen")
    cluster.create_pod(shell("another", "trap 'exit 0' TERM; sleep 2"))
    assert task.run() == RESULT
    assert task.rescheduled > 0


@pytest.mark.parametrize(
    "verb, resource, said",
    [("create", "pods", "add the verb 'create' on 'pods'"), ("get", "pods", "add the verb 'get' on 'pods'")],
)
def test_a_missing_right_is_named(steps, cluster, verb, resource, said):
    cluster.forbid(verb, resource)
    with pytest.raises(AirflowFailException, match=said):
        steps(LEAVES).run()


def test_without_the_right_to_read_the_xcom_the_result_comes_from_the_store_or_the_right_is_named(steps, cluster):
    cluster.forbid("create", "pods/exec")
    cluster.forbid("get", "pods/exec")
    with pytest.raises(AirflowException, match=r"left no result.*pods/exec"):
        steps(LEAVES).run()


def test_a_namespace_that_is_not_there_is_named(steps, monkeypatch):
    monkeypatch.setenv("TRAINYARD_NAMESPACE", "trainyrd")
    with pytest.raises(AirflowFailException, match=r'namespaces "trainyrd" not found.*TRAINYARD_NAMESPACE'):
        steps(LEAVES).run()


def test_without_a_kubeconfig_the_connection_is_named(steps, monkeypatch, tmp_path):
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(tmp_path / "none")}}
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps(connection))
    with pytest.raises(AirflowFailException, match=r"no way to a cluster.*kubernetes_default"):
        steps(LEAVES).run()
