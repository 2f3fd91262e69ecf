"""The kinds of objects that the API serves, and what a request's path names."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """One row of the API's table; `fields` are what a field selector may name beside metadata."""

    resource: str
    kind: str
    group: str = ""
    namespaced: bool = True
    fields: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def qualified(self) -> str:
        """The resource as the API's messages write it."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


EVENT_FIELDS = (
    *(f"involvedObject.{name}" for name in ("apiVersion", "fieldPath", "kind", "name", "namespace", "uid")),
    *("reason", "reportingComponent", "source", "type"),
)
POD_FIELDS = (
    *("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
    *("spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"),
)

KINDS = {
    kind.resource: kind
    for kind in (
        Kind("pods", "Pod", fields=POD_FIELDS),
        Kind("events", "Event", fields=EVENT_FIELDS),
        Kind("configmaps", "ConfigMap"),
        Kind("secrets", "Secret", fields=("type",)),
        Kind("serviceaccounts", "ServiceAccount"),
        Kind("resourcequotas", "ResourceQuota"),
        Kind("limitranges", "LimitRange"),
        Kind("namespaces", "Namespace", namespaced=False, fields=("status.phase",)),
        Kind("nodes", "Node", namespaced=False, fields=("spec.unschedulable",)),
        Kind("priorityclasses", "PriorityClass", group="scheduling.k8s.io", namespaced=False),
    )
}
PODS, EVENTS, NODES, NAMESPACES = (KINDS[name] for name in ("pods", "events", "nodes", "namespaces"))


@dataclass(frozen=True)
class Target:
    """What a path names: /api/v1/namespaces/NAMESPACE/RESOURCE/NAME/SUBRESOURCE."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As a Role's rule names it: pods, or pods/log."""
        return f"{self.kind.resource}/{self.subresource}" if self.subresource else self.kind.resource


def target_of(path: str) -> Target | None:
    """None for a path that is not of this API."""
    match path.strip("/").split("/"):
        case ["api", "v1", *rest]:
            group = ""
        case ["apis", group, "v1", *rest]:
            pass
        case _:
            return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and rest[2] in KINDS:
        _, namespace, *rest = rest
    kind = KINDS.get(rest[0]) if rest else None
    if kind is None or kind.group != group or len(rest) > 3:
        return None
    name, subresource = [*rest[1:], "", ""][:2]
    return Target(kind, namespace, name, subresource)
