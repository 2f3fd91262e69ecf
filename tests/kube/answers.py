"""What the API said, for tests."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes.client import V1ContainerStateTerminated, V1Pod
from kubernetes.client.exceptions import ApiException


def refusal(call: Callable[..., Any], *arguments: Any, **named: Any) -> dict[str, Any]:
    """The Status with which the API refuses a call."""
    with pytest.raises(ApiException) as caught:
        call(*arguments, **named)
    status: dict[str, Any] = json.loads(caught.value.body)
    assert status["kind"] == "Status" and status["code"] == caught.value.status
    return status


def terminated(pod: V1Pod, container: str = "base") -> V1ContainerStateTerminated | None:
    return next(one.state.terminated for one in pod.status.container_statuses if one.name == container)


def has_ended(pod: V1Pod) -> bool:
    return any(one.state.terminated for one in pod.status.container_statuses or [])


def condition(pod: V1Pod, kind: str) -> tuple[str, str | None, str | None]:
    """(status, reason, message); fails where the pod has no such condition."""
    return next((one.status, one.reason, one.message) for one in pod.status.conditions or [] if one.type == kind)


def until(condition: Callable[[], Any], patience_s: float = 30) -> Any:
    """What the condition gives once it gives something. Raises TimeoutError."""
    give_up = time.monotonic() + patience_s
    while not (found := condition()):
        if time.monotonic() > give_up:
            raise TimeoutError(f"not within {patience_s} s")
        time.sleep(0.05)
    return found
