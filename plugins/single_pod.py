"""The one pod that a task instance has: read, started, found again, and never doubled."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import generic_api_retry
from airflow.sdk.exceptions import AirflowException
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from pipelines.errors import EXIT_DONE
from plugins.pod_failures import terminated

# Beyond its grace, for the kubelet to say that a pod has ended.
LEAVES_WITHIN_S = 60
LOOK_EVERY_S = 1
GONE, CONFLICT = 404, 409
REQUEST = "trainyard/request"


class SinglePod:
    """A pod by its name, which is the same for every try, so that the API server refuses a second one."""

    def __init__(self, client: Any, name: str, namespace: str, log: Any) -> None:
        self._client = client
        self._name = name
        self._namespace = namespace
        self._log = log

    @generic_api_retry
    def read(self) -> Any:
        """None when it is gone."""
        try:
            return self._client.read_namespaced_pod(self._name, self._namespace)
        except ApiException as error:
            if error.status != GONE:
                raise
            return None

    def got_or_created(self, wanted: Any, grace_s: int) -> tuple[Any, bool]:
        """The pod of the same request that lives or has done its work, and True; else a new one, and False.

        Any other of its name is asked to end, and waited for. Raises AirflowException when it stays.
        """
        patience = time.monotonic() + grace_s + LEAVES_WITHIN_S
        while time.monotonic() < patience:
            found = self.read()
            if found is None:
                if created := self._create(wanted):
                    return created, False
            elif found.metadata.deletion_timestamp is None:
                if _is_of_same_request(found, wanted) and _worth_waiting_for(found):
                    return found, True
                self._log.info(
                    "Deleting the pod %s, left by an earlier run or try (%s).", self._name, found.status.phase
                )
                self.delete(found.metadata.uid)
            time.sleep(LOOK_EVERY_S)
        raise stuck(self._name, self._namespace)

    def warnings(self, uid: str) -> tuple[str, ...]:
        """Messages of its events of type Warning, newest last; they only explain, so none where they can't be had."""
        try:
            events = self._client.list_namespaced_event(self._namespace, field_selector=f"involvedObject.uid={uid}")
        except (ApiException, HTTPError) as error:
            self._log.warning("The events of the pod %s cannot be read: %s", self._name, error)
            return ()
        return tuple(event.message for event in events.items if event.type == "Warning")

    def delete(self, uid: str) -> None:
        """Ask exactly this pod to end, and not one that took its place."""
        try:
            self._delete(uid)
        except (ApiException, HTTPError) as error:
            self._log.warning(
                "The pod %s could not be deleted and holds what it asked for until its deadline: %s", self._name, error
            )

    @generic_api_retry
    def _create(self, wanted: Any) -> Any:
        """None when one of its name is there: another try was faster, or the old one is still leaving."""
        try:
            return self._client.create_namespaced_pod(self._namespace, wanted)
        except ApiException as error:
            if error.status != CONFLICT:
                raise
            return None

    @generic_api_retry
    def _delete(self, uid: str) -> None:
        try:
            self._client.delete_namespaced_pod(self._name, self._namespace, body={"preconditions": {"uid": uid}})
        except ApiException as error:
            if error.status not in (GONE, CONFLICT):
                raise


def is_stuck(pod: Any) -> bool:
    """It should have been gone for a while: its node is lost."""
    due = pod.metadata.deletion_timestamp
    return due is not None and datetime.now(UTC) > due + timedelta(seconds=LEAVES_WITHIN_S)


def stuck(name: str, namespace: str) -> AirflowException:
    return AirflowException(
        f"The pod {name} was asked to end and is still there: its node does not answer, and the step may still run on "
        "it, so no second one is started beside it. Bring the node back, or once it is surely off: kubectl taint nodes "
        f"NODE node.kubernetes.io/out-of-service=nodeshutdown:NoExecute (kubectl get pod {name} -n {namespace} -o wide "
        "names it)."
    )


def _is_of_same_request(found: Any, wanted: Any) -> bool:
    return bool(found.metadata.labels.get(REQUEST) == wanted.metadata.labels[REQUEST])


def _worth_waiting_for(pod: Any) -> bool:
    """It lives, or its step has done its work and left a result."""
    ended = terminated(pod)
    if ended is not None:
        return bool(ended.exit_code == EXIT_DONE)
    return pod.status.phase in ("Pending", "Running")
