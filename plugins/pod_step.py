"""A step as a pod of a Kubernetes cluster."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.utils.pod_manager import EMPTY_XCOM_RESULT
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSkipException,
    TaskDeferred,
)

from pipelines.flow import Step
from pipelines.resource_classes import Compute, resource_class
from plugins import pod_manifest
from plugins.child_arguments import refuse_impossible
from plugins.cluster_errors import KNOWN, ClusterBusy, explained, known_cause
from plugins.page_link import links_of
from plugins.pod_failures import Ending, Kind, ending_of, terminated
from plugins.pod_trigger import PodTrigger
from plugins.run_interval import interval_of
from plugins.single_pod import SinglePod, is_stuck, stuck
from plugins.step_result import kept_in_store, parsed, tell_assets

# As arguments and not as the container's command, which would take the place of the image's entrypoint, tini.
PROGRAM = ("python", "-m", "pipelines")
RESULT_FILE = "/airflow/xcom/return.json"
LOGS_EVERY_S = 15
ASKED_AGAIN_S = 30
# Repeating the try with the same spec ends in the same way.
HOPELESS = (Kind.CALLER_ERROR, Kind.SCRATCH)


class PodStep(KubernetesPodOperator):
    """Runs a step in a pod of its resource class, and returns its result as XCom.

    The pod has one name for all tries of a task instance: a try finds the pod that an earlier one left
    running and waits for it, and the API server refuses a second one. A pod that the cluster took away is
    made anew within the same try, as often as its class allows, so that it costs none of the task's
    retries; after running out of memory it is made once in the class that is larger.
    """

    ui_color = "#dbeafe"

    def __init__(self, *, step: Step, subject: str, compute: Compute, step_arguments: Any, **kwargs: Any) -> None:
        self.step = step
        self.subject = subject
        self.compute = compute
        self.step_arguments = step_arguments
        own = resource_class(compute.class_of(step.name))
        classes = [own, *(resource_class(name) for name in [own.larger] if name is not None)]
        per_pod = timedelta(minutes=max(one.startup_min + one.deadline_min for one in classes))
        super().__init__(
            **pod_manifest.hardened(),
            random_name_suffix=False,
            do_xcom_push=True,
            deferrable=True,
            logging_interval=LOGS_EVERY_S,
            startup_check_interval_seconds=2,
            log_pod_spec_on_failure=False,
            pool=own.pool,
            pool_slots=own.pool_slots,
            execution_timeout=(own.preemptions + 1) * per_pod,
            **kwargs,
        )
        self.operator_extra_links = links_of(step)
        self.result: dict[str, Any] | None = None

    def execute(self, context: Any) -> Any:
        self._prepare(context, self.compute.class_of(self.step.name), restarts=0)
        return self._start(context)

    def trigger_reentry(self, context: Any, event: dict[str, Any]) -> Any:
        """Airflow resumes here when the pod has ended, when its time is over, or when waiting for it failed."""
        self._prepare(context, event["resource_class"], event["restarts"])
        try:
            seen = self._cluster_pod.read()
        except KNOWN as error:
            raise self._refusal(context, error) from error
        if seen is None:
            return self._follow(context, event["pod_uid"])
        if is_stuck(seen):
            raise stuck(self.name, self.namespace)
        self._wait_on(context, event, seen)
        self._look_closer(context, event, seen)
        try:
            return self._follow(context, seen.metadata.uid)
        finally:
            self._cluster_pod.delete(seen.metadata.uid)

    def cleanup(self, pod: Any, remote_pod: Any, xcom_result: Any = None, context: Any = None) -> None:
        """Keeps the pod's last state; it is deleted once what it left has been found."""
        self._ended = remote_pod or self._ended

    def extract_xcom(self, pod: Any, *, ignore_kill_failure: bool = True) -> Any:
        """Keeps the text as it was written: only what is a result becomes an XCom."""
        text: str = self.pod_manager.extract_xcom(pod, ignore_kill_failure=ignore_kill_failure)
        self._written = None if text.rstrip() == EMPTY_XCOM_RESULT else text

    def get_or_create_pod(self, pod_request_obj: Any, context: Any) -> Any:
        """The one pod of this task instance: that of an earlier try, else a new one."""
        pod, found = self._cluster_pod.got_or_created(pod_request_obj, self.termination_grace_period)
        if found:
            labels = pod.metadata.labels
            self._prepare(context, labels["trainyard/resource-class"], int(labels["trainyard/restarts"]))
            self.log.info("The pod %s of an earlier try is there (%s): waiting for it.", self.name, pod.status.phase)
        return pod

    def build_pod_request_obj(self, context: Any = None, *, dry_run: bool = False) -> Any:
        pod = super().build_pod_request_obj(context, dry_run=dry_run)
        for container in pod.spec.containers[1:]:
            # The image is on the node already, and the cluster need not reach another registry.
            container.image = self.image
            container.command = pod_manifest.SIDECAR_COMMAND
            container.resources = pod_manifest.sidecar_resources()
        return pod

    def invoke_defer_method(self, last_log_time: Any = None, context: Any = None) -> None:
        self.trigger_kwargs["pod_uid"] = self.pod.metadata.uid
        try:
            super().invoke_defer_method(last_log_time=last_log_time, context=context)
        except TaskDeferred as deferred:
            _, arguments = deferred.trigger.serialize()
            deferred.trigger = PodTrigger(**arguments)
            raise

    @property
    def _cluster_pod(self) -> SinglePod:
        return SinglePod(self.client, self.name, self.namespace, self.log)

    def _start(self, context: Any) -> Any:
        """Defers until the pod has ended; its result where it had ended before."""
        self.pod = self.pod_request_obj = None
        try:
            self.execute_async(context)
        except KNOWN as error:
            raise self._refusal(context, error) from error
        return self.result

    def _refusal(self, context: Any, error: BaseException) -> Exception:
        """What to raise; a cluster that is full or away is asked again later, which costs none of the retries."""
        found = explained(error, self.namespace)
        now, first = datetime.now(UTC), context["ti"].get_first_reschedule_date(context)
        patience = timedelta(minutes=resource_class(self.trigger_kwargs["resource_class"]).deadline_min)
        if not isinstance(found, ClusterBusy) or (first is not None and now - first > patience):
            return found
        self.log.warning("%s Asking again in %d s, for at most %s.", found, ASKED_AGAIN_S, patience)
        return AirflowRescheduleException(now + timedelta(seconds=ASKED_AGAIN_S))

    def _wait_on(self, context: Any, event: dict[str, Any], seen: Any) -> None:
        """Defers again where only the waiting failed and the pod goes on."""
        if event["status"] != "error" or seen.status.phase != "Running" or terminated(seen) is not None:
            return
        if "permission" in event["message"].lower():
            self._cluster_pod.delete(seen.metadata.uid)
            raise AirflowFailException(f"Airflow's triggerer may not read the pod: {event['message']}")
        self.log.warning("Waiting for the pod failed (%s); it runs: waiting on.", event["message"])
        self.pod = seen
        self.invoke_defer_method(event.get("last_log_time"), context)

    def _look_closer(self, context: Any, event: dict[str, Any], seen: Any) -> None:
        """Logs, result and warnings of a pod that has ended."""
        self._ended = seen
        try:
            super().trigger_reentry(context, event)
        except TaskDeferred:
            raise
        except Exception as error:
            # The pod's own state says better what happened than what reading it stumbled over.
            self.log.debug("The pod could not be read to its end.", exc_info=True)
            self._stumbled = error
        if ending_of(self._ended).kind is Kind.DONE:
            return
        timed_out = (event["message"],) if event["status"] == "timeout" else ()
        self._warnings = (*timed_out, *self._cluster_pod.warnings(seen.metadata.uid))
        for warning in self._warnings:
            self.log.warning("Of the pod: %s", warning)

    def _follow(self, context: Any, pod_uid: str) -> dict[str, Any]:
        """What the pod's ending leads to: its result, another pod, or the error that Airflow acts upon."""
        ending = ending_of(self._ended, self._warnings)
        if ending.kind in (Kind.DONE, Kind.INTERRUPTED) and (result := self._found_result(pod_uid, ending)):
            tell_assets(context, self.outlets, result)
            self.result = result
            return result
        if ending.kind is Kind.DONE:
            raise self._no_result()
        if ending.kind is Kind.NOTHING_TO_DO:
            raise AirflowSkipException(ending.message)
        if ending.kind is Kind.INTERRUPTED:
            return self._interrupted(context, ending)
        if ending.kind is Kind.OUT_OF_MEMORY:
            return self._out_of_memory(context, ending)
        raise (AirflowFailException if ending.kind in HOPELESS else AirflowException)(str(ending))

    def _found_result(self, pod_uid: str, ending: Ending) -> dict[str, Any] | None:
        """Of the XCom, else of the store, where it was written first: a pod may go with its work done."""
        if ending.kind is Kind.DONE and self._written is not None:
            return parsed(self._written, self.step.name)
        found = kept_in_store(pod_uid, self.step.name)
        if found is not None:
            self.log.warning("The result comes from the store; the pod could not give it (%s).", ending.message)
        return found

    def _no_result(self) -> AirflowException:
        cause = known_cause(self._stumbled)
        why = (self._stumbled or "its file is empty") if cause is None else explained(cause, self.namespace)
        return AirflowFailException(
            f"{self.step.name} exited with 0 but left no result, neither as XCom nor in the store: {why}"
        )

    def _interrupted(self, context: Any, ending: Ending) -> Any:
        class_name, restarts = self.trigger_kwargs["resource_class"], self.trigger_kwargs["restarts"]
        most = resource_class(class_name).preemptions
        if restarts >= most:
            raise AirflowException(
                f"{ending.message}, for the {restarts + 1}. time in this try; the class {class_name} starts it over "
                f"{most} times. Name a class whose nodes stay (compute.{self.step.name}), or raise its preemptions."
            )
        self.log.warning("%s. Starting it again: restart %d of at most %d.", ending.message, restarts + 1, most)
        return self._start_as(context, class_name, restarts + 1)

    def _out_of_memory(self, context: Any, ending: Ending) -> Any:
        class_name = self.trigger_kwargs["resource_class"]
        larger = resource_class(class_name).larger
        first = class_name == self.compute.class_of(self.step.name)
        if larger is None or not first or not self.compute.larger_when_out_of_memory:
            raise AirflowFailException(
                f"{ending.message}. Name a class with more memory: compute.{self.step.name} (now {class_name})."
            )
        self.log.warning("%s. Trying once more in the class %s.", ending.message, larger)
        return self._start_as(context, larger, self.trigger_kwargs["restarts"])

    def _start_as(self, context: Any, class_name: str, restarts: int) -> Any:
        self._prepare(context, class_name, restarts)
        return self._start(context)

    def _prepare(self, context: Any, class_name: str, restarts: int) -> None:
        """Make this the operator of one pod. Nothing of it stands in a template, so none of it is rendered."""
        for name, value in pod_manifest.pod_settings(resource_class(class_name)).items():
            setattr(self, name, value)
        run = context["dag_run"]
        self.namespace = pod_manifest.namespace()
        self.name = pod_manifest.pod_name(self.step, self.subject, context)
        self.priority_class_name = resource_class(class_name).priority_class or pod_manifest.priority_class(
            self.step, run.run_type
        )
        command = [*PROGRAM, self.step.name, *self.step_arguments(context), "--result", RESULT_FILE]
        refuse_impossible(command)
        self.arguments = pod_manifest.verbatim(command)
        self.labels = pod_manifest.labels(
            {
                self.step.subject: self.subject,
                "step": self.step.name,
                "owner": self.owner,
                "resource-class": class_name,
                "restarts": str(restarts),
                "request": self._request(context),
                **self._as_of(context),
            }
        )
        self.trigger_kwargs = {"resource_class": class_name, "restarts": restarts}
        self._ended: Any = None
        self._written: str | None = None
        self._warnings: tuple[str, ...] = ()
        self._stumbled: Exception | None = None

    def _request(self, context: Any) -> str:
        """Digest of what tells this run of the task from one before it was cleared, or on another release."""
        image = pod_manifest.image_of(resource_class(self.compute.class_of(self.step.name)))
        asked = [context["dag_run"].clear_number, image, *self.arguments]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _as_of(self, context: Any) -> dict[str, str]:
        if self.step.family == "rollback":
            return {}
        return {"as-of": f"{interval_of(context).as_of:%Y-%m-%dT%H-%M-%S}"}
