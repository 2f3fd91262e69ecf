"""Airflow's Roles hold the verbs that the installed provider and plugins/ call, and none beside them."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.deploy.manifests import REPOSITORY, STEPS, named, of_kind

VERBS = {
    "create_namespaced_pod": ("pods", "create"),
    "read_namespaced_pod": ("pods", "get"),
    "list_namespaced_pod": ("pods", "list"),
    "delete_namespaced_pod": ("pods", "delete"),
    "patch_namespaced_pod": ("pods", "patch"),
    "read_namespaced_pod_log": ("pods/log", "get"),
    "connect_get_namespaced_pod_exec": ("pods/exec", "get"),
    "list_namespaced_event": ("events", "list"),
}
# A websocket's GET asks for the verb create from Kubernetes 1.35 on.
NEWER_CLUSTERS = {("pods/exec", "create")}
# The operator and the trigger watch events, which the client spells as a list with a stream around it.
WATCHED = {("events", "watch")}


def provider(path: str) -> str:
    (folder,) = find_spec("airflow.providers.cncf.kubernetes").submodule_search_locations
    return (Path(folder) / path).read_text(encoding="utf-8")


def called(source: str) -> set[tuple[str, str]]:
    names = set(re.findall(r"\.((?:create|read|list|delete|patch|connect_get)_namespaced_(?:pod|event)\w*)", source))
    assert names <= VERBS.keys(), f"the provider calls {names - VERBS.keys()}: add its verb here and to the Role"
    return {VERBS[name] for name in names}


def asynchronous_hook() -> str:
    """The source of the hook that runs in the triggerer."""
    source = provider("hooks/kubernetes.py")
    (found,) = [
        node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == "AsyncKubernetesHook"
    ]
    return ast.get_source_segment(source, found) or ""


def granted(role: str) -> set[tuple[str, str]]:
    rules = named("prod", "Role", role, STEPS)["rules"]
    assert all(rule["apiGroups"] == [""] for rule in rules)
    return {(resource, verb) for rule in rules for resource in rule["resources"] for verb in rule["verbs"]}


def test_a_worker_may_do_what_the_operator_and_our_own_calls_need():
    ours = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "plugins").glob("*.py"))
    needed = called(provider("operators/pod.py") + provider("utils/pod_manager.py") + ours)
    assert granted("airflow-worker") == needed | WATCHED | NEWER_CLUSTERS


def test_the_triggerer_may_do_what_its_hook_calls():
    assert granted("airflow-triggerer") == called(asynchronous_hook()) | WATCHED


@pytest.mark.parametrize("account", ["airflow-worker", "airflow-triggerer"])
def test_each_account_is_bound_to_its_own_role_only(account):
    bindings = [
        binding["roleRef"]["name"]
        for binding in of_kind("prod", "RoleBinding")
        if {"kind": "ServiceAccount", "name": account, "namespace": "airflow"} in binding["subjects"]
    ]
    assert bindings == [account]


def test_nothing_is_granted_in_the_whole_cluster():
    assert not of_kind("prod", "ClusterRole") + of_kind("prod", "ClusterRoleBinding")
