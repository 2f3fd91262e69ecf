import json

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowNotFoundException
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from urllib3.exceptions import MaxRetryError

from plugins.cluster_errors import ClusterBusy, explained


def refusal(status: int, message: str) -> ApiException:
    error = ApiException(status=status, reason="Refused")
    error.body = json.dumps({"kind": "Status", "status": "Failure", "message": message, "code": status})
    return error


QUOTA = (
    'pods "train-1" is forbidden: exceeded quota: steps, requested: requests.memory=32Gi,requests.nvidia.com/gpu=1, '
    "used: requests.memory=0,requests.nvidia.com/gpu={used}, "
    "limited: requests.memory={memory},requests.nvidia.com/gpu=1"
)


def test_a_class_larger_than_the_whole_quota_is_hopeless():
    found = explained(refusal(403, QUOTA.format(used=0, memory="16Gi")), "trainyard")
    assert isinstance(found, AirflowFailException)
    assert "requests.memory 32Gi of 16Gi" in str(found) and "nvidia.com/gpu 1" not in str(found).split(")")[0]


def test_a_quota_that_others_use_up_is_worth_another_try():
    found = explained(refusal(403, QUOTA.format(used=1, memory="64Gi")), "trainyard")
    assert isinstance(found, ClusterBusy)
    assert "used up for now" in str(found)


def test_a_missing_right_names_who_lacks_which_verb_on_what():
    said = (
        'pods is forbidden: User "system:serviceaccount:airflow:worker" cannot create resource "pods" in API group "" '
        'in the namespace "trainyard"'
    )
    found = explained(refusal(403, said), "trainyard")
    assert isinstance(found, AirflowFailException)
    assert "add the verb 'create' on 'pods'" in str(found) and "system:serviceaccount:airflow:worker" in str(found)


@pytest.mark.parametrize(
    "status, said, names",
    [
        (404, 'namespaces "trainyrd" not found', "TRAINYARD_NAMESPACE"),
        (403, "no PriorityClass with name trainyard-training was found", "kubectl apply -k"),
        (403, 'violates PodSecurity "restricted:latest": seccompProfile', "violates PodSecurity"),
        (401, "Unauthorized", "credentials"),
        (422, 'Pod "x" is invalid: spec.priority', "resource class"),
    ],
)
def test_what_only_a_person_can_mend_is_not_tried_again(status, said, names):
    found = explained(refusal(status, said), "trainyrd")
    assert isinstance(found, AirflowFailException)
    assert said in str(found) and names in str(found)


@pytest.mark.parametrize("error", [ConfigException("no configuration"), AirflowNotFoundException("kubernetes_default")])
def test_without_a_way_to_a_cluster_the_connection_is_named(error):
    found = explained(error, "trainyard")
    assert isinstance(found, AirflowFailException)
    assert "kubernetes_default" in str(found) and str(error) in str(found)


def test_an_api_that_is_away_is_tried_again_and_the_pod_goes_on():
    found = explained(MaxRetryError(None, "/api", "refused"), "trainyard")
    assert isinstance(found, ClusterBusy)
    assert "does not answer" in str(found) and "goes on" in str(found)


def test_a_server_error_is_tried_again_with_what_the_api_said():
    found = explained(refusal(500, "etcdserver: leader changed"), "trainyard")
    assert isinstance(found, ClusterBusy) and "etcdserver: leader changed" in str(found)
