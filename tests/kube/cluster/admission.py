"""What stands between a request and the store: the admission plugins that a pod of ours meets, in their order."""

from collections.abc import Callable
from typing import Any

from tests.kube.cluster.kinds import KINDS, NAMESPACES, PODS
from tests.kube.cluster.pod_security import LABEL, violations
from tests.kube.cluster.pods import with_defaults
from tests.kube.cluster.quantities import parse
from tests.kube.cluster.quotas import admit_quota
from tests.kube.cluster.refusal import forbidden
from tests.kube.cluster.store import Store
from tests.kube.cluster.validation import validate_pod

Pod = dict[str, Any]


def admit(store: Store, namespace: str, pod: Pod) -> None:
    """Fill the pod in or refuse it."""
    _limit_range(store, namespace, pod)
    with_defaults(pod)
    _service_account(store, namespace, pod)
    _priority(store, pod)
    validate_pod(pod)
    _pod_security(store, namespace, pod)
    admit_quota(store, namespace, pod)


def _limit_range(store: Store, namespace: str, pod: Pod) -> None:
    """Defaults of a LimitRange for containers that do not say, and its maxima."""
    limits = [
        limit
        for limit_range in store.all(KINDS["limitranges"], namespace)
        for limit in limit_range["spec"]["limits"]
        if limit["type"] == "Container"
    ]
    for container in pod["spec"].get("containers") or []:
        resources = container.get("resources") or {}
        container["resources"] = resources
        for limit in limits:
            own = resources.get("limits") or {}
            asked = resources.get("requests") or {}
            resources["limits"] = {**(limit.get("default") or {}), **own}
            resources["requests"] = {**(limit.get("defaultRequest") or {}), **own, **asked}
            _within(pod, limit, resources)


def _within(pod: Pod, limit: dict[str, Any], resources: dict[str, Any]) -> None:
    for side, breaks in (("max", _above), ("min", _below)):
        word = "maximum" if side == "max" else "minimum"
        what = "limits" if side == "max" else "requests"
        for resource, bound in (limit.get(side) or {}).items():
            if resource in resources[what] and breaks(resources[what][resource], bound):
                found = resources[what][resource]
                why = f"{word} {resource} usage per Container is {bound}, but {what[:-1]} is {found}"
                raise forbidden(PODS, pod["metadata"]["name"], why)


def _above(found: str, bound: str) -> bool:
    return parse(found) > parse(bound)


def _below(found: str, bound: str) -> bool:
    return parse(found) < parse(bound)


def _service_account(store: Store, namespace: str, pod: Pod) -> None:
    name = pod["spec"].setdefault("serviceAccountName", "default") or "default"
    pod["spec"]["serviceAccount"] = name
    if store.find(KINDS["serviceaccounts"], namespace, name) is None:
        why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
        raise forbidden(PODS, pod["metadata"]["name"], why)


def _priority(store: Store, pod: Pod) -> None:
    name = pod["spec"].get("priorityClassName")
    classes = KINDS["priorityclasses"]
    if name:
        found = store.find(classes, "", name)
        if found is None:
            raise forbidden(PODS, pod["metadata"]["name"], f"no PriorityClass with name {name} was found")
    else:
        found = next((one for one in store.all(classes) if one.get("globalDefault")), {"value": 0})
    pod["spec"]["priority"] = found["value"]
    pod["spec"]["preemptionPolicy"] = found.get("preemptionPolicy", "PreemptLowerPriority")


def _pod_security(store: Store, namespace: str, pod: Pod) -> None:
    labels = store.get(NAMESPACES, "", namespace)["metadata"].get("labels") or {}
    level = labels.get(LABEL)
    if level != "restricted":
        return
    found = violations(pod)
    if found:
        version = labels.get(f"{LABEL}-version", "latest")
        why = f'violates PodSecurity "{level}:{version}": {", ".join(found)}'
        raise forbidden(PODS, pod["metadata"]["name"], why)


class Roles:
    """What the client may do: everything, until a verb on a resource is forbidden."""

    USER = "system:serviceaccount:airflow:worker"

    def __init__(self) -> None:
        self._forbidden: set[tuple[str, str]] = set()

    def forbid(self, verb: str, resource: str) -> Callable[[], None]:
        """verb, resource: as a Role's rule writes them, such as `create` and `pods/exec`. Returns what undoes it."""
        self._forbidden.add((verb, resource))
        return lambda: self._forbidden.discard((verb, resource))

    def check(self, verb: str, target: Any) -> None:
        if (verb, target.resource) not in self._forbidden:
            return
        where = f' in the namespace "{target.namespace}"' if target.namespace else " at the cluster scope"
        why = f'User "{self.USER}" cannot {verb} resource "{target.resource}" in API group "{target.kind.group}"{where}'
        raise forbidden(target.kind, target.name, why)
