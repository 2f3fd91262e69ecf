"""What the API server checks of a pod before it keeps it, and what of it may change later.

Source: pkg/apis/core/validation. The double runs what Airflow's operator asks for; a pod that asks for
something that the double would have to ignore is refused.
"""

import re
from typing import Any

from tests.kube.cluster.kinds import PODS, Kind
from tests.kube.cluster.quantities import parse
from tests.kube.cluster.refusal import invalid

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_BAD_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_BAD_LABEL = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    f"'{_LABEL}')"
)
LABEL_BYTES = 63
NAME_BYTES = 253
MUTABLE = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations")
Faults = list[tuple[str, str]]


def validate_metadata(kind: Kind, item: dict[str, Any]) -> None:
    metadata = item["metadata"]
    name = metadata["name"]
    faults: Faults = []
    if not re.fullmatch(_SUBDOMAIN, name):
        faults.append(("metadata.name", f'Invalid value: "{name}": {_BAD_NAME}'))
    if len(name) > NAME_BYTES:
        faults.append(("metadata.name", f'Invalid value: "{name}": must be no more than {NAME_BYTES} characters'))
    for value in (metadata.get("labels") or {}).values():
        if not re.fullmatch(_LABEL, value):
            faults.append(("metadata.labels", f'Invalid value: "{value}": {_BAD_LABEL}'))
        if len(value) > LABEL_BYTES:
            faults.append(("metadata.labels", f'Invalid value: "{value}": must be no more than {LABEL_BYTES} bytes'))
    if faults:
        raise invalid(kind, name, faults)


def validate_pod(pod: dict[str, Any]) -> None:
    spec = pod["spec"]
    faults: Faults = [] if spec.get("containers") else [("spec.containers", "Required value")]
    for index, container in enumerate(spec.get("containers") or []):
        path = f"spec.containers[{index}]"
        faults += [(f"{path}.{key}", "Required value") for key in ("name", "image") if not container.get(key)]
        faults += _resource_faults(container.get("resources") or {}, f"{path}.resources")
    if spec["restartPolicy"] != "Never":
        found = spec["restartPolicy"]
        faults.append(("spec.restartPolicy", f'Unsupported value: "{found}": this double supports: "Never"'))
    if spec.get("initContainers"):
        faults.append(("spec.initContainers", "Forbidden: this double runs no init containers"))
    if faults:
        raise invalid(PODS, pod["metadata"]["name"], faults)


def _resource_faults(resources: dict[str, Any], path: str) -> Faults:
    limits = resources.get("limits") or {}
    faults: Faults = []
    for resource, quantity in (resources.get("requests") or {}).items():
        extended = "/" in resource
        if extended and resource not in limits:
            faults.append((f"{path}.limits", "Required value: Limit must be set for non overcommitable resources"))
        elif extended and parse(quantity) != parse(limits[resource]):
            wrong = f'Invalid value: "{quantity}": must be equal to {resource} limit of {limits[resource]}'
            faults.append((f"{path}.requests", wrong))
        elif resource in limits and parse(quantity) > parse(limits[resource]):
            wrong = f'Invalid value: "{quantity}": must be less than or equal to {resource} limit of {limits[resource]}'
            faults.append((f"{path}.requests", wrong))
    return faults


def validate_change(before: dict[str, Any], pod: dict[str, Any]) -> None:
    """A pod's spec stands once it is created, but for a few fields."""

    def fixed(spec: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in spec.items() if key not in MUTABLE}

    if fixed(before["spec"]) != fixed(pod["spec"]):
        allowed = ", ".join(f"`spec.{name}`" for name in ("containers[*].image", *MUTABLE))
        raise invalid(
            PODS,
            pod["metadata"]["name"],
            [("spec", f"Forbidden: pod updates may not change fields other than {allowed}")],
        )
