"""The pod of a step: its resource class, hardened for a namespace that enforces the `restricted` standard.

kubernetes.io/docs/concepts/security/pod-security-standards
"""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow.providers.cncf.kubernetes.kubernetes_helper_functions import POD_NAME_MAX_LENGTH
from airflow.providers.cncf.kubernetes.pod_generator import make_safe_label_value
from airflow.sdk.exceptions import AirflowFailException
from kubernetes.client import models as k8s

from pipelines.flow import Step
from pipelines.resource_classes import ResourceClass

NOBODY = 65534
SETTINGS = "trainyard-steps"
GPU = "nvidia.com/gpu"
# Airflow's own ignores SIGTERM, as the first process of a container does with what it does not handle: each pod
# that is asked to end would use up its whole grace.
SIDECAR_COMMAND = ["sh", "-c", 'trap "exit 0" INT TERM; while true; do sleep 1; done']
# A step is not moved for the sake of a fuller node: it would start over.
STAY = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}
PINNED = re.compile(r"^[^@\s]+(@sha256:[0-9a-f]{64}|:(?!latest$)[\w][\w.-]{0,127})$")


def namespace() -> str:
    return os.environ.get("TRAINYARD_NAMESPACE", "trainyard")


def image_of(resources: ResourceClass) -> str:
    """The image by digest or tag. Raises AirflowFailException when it is not set, or names no fixed version."""
    variable = "TRAINYARD_STEPS_GPU_IMAGE" if resources.gpus else "TRAINYARD_STEPS_IMAGE"
    image = os.environ.get(variable, "")
    if not PINNED.match(image):
        raise AirflowFailException(
            f"{variable} must name an image by digest or by a tag other than latest, such as "
            f"registry.example/trainyard/steps:1a2b3c4 (got {image!r}): what ran could not be told otherwise."
        )
    return image


def pod_name(step: Step, subject: str, context: Any) -> str:
    """The same for every try of a task instance, so that the API server itself refuses a second pod of it."""
    task = context["ti"]
    identity = "\n".join((task.dag_id, context["run_id"], task.task_id, str(task.map_index)))
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    readable = re.sub(r"[^a-z0-9]+", "-", f"{step.name}-{subject}".lower())[: POD_NAME_MAX_LENGTH - len(digest) - 1]
    return f"{readable.strip('-')}-{digest}"


def verbatim(arguments: Sequence[str]) -> list[str]:
    """As a container gets them unchanged: the kubelet puts a variable's value, a secret's too, in the place of $(NAME).

    kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container
    """
    return [argument.replace("$", "$$") for argument in arguments]


def labels(values: Mapping[str, str]) -> dict[str, str]:
    """For search and cost, under `trainyard/`."""
    return {f"trainyard/{name}": make_safe_label_value(value) for name, value in values.items()}


def priority_class(step: Step, run_type: str) -> str:
    if run_type == "backfill":
        return "trainyard-backfill"
    return "trainyard-serving" if step.family == "predict" else "trainyard-training"


def pod_settings(resources: ResourceClass) -> dict[str, Any]:
    """What the class asks of the cluster, as attributes of a KubernetesPodOperator."""
    return {
        "image": image_of(resources),
        "container_resources": _resources(resources),
        "node_selector": resources.node_selector,
        "affinity": resources.affinity or {},
        "tolerations": [k8s.V1Toleration(**one.model_dump()) for one in resources.tolerations],
        "active_deadline_seconds": resources.deadline_min * 60,
        "termination_grace_period": resources.grace_s,
        "schedule_timeout_seconds": resources.startup_min * 60,
        "startup_timeout_seconds": resources.startup_min * 60,
        "volumes": [
            k8s.V1Volume(name="tmp", empty_dir=k8s.V1EmptyDirVolumeSource(size_limit=resources.scratch)),
        ],
        "env_vars": _environment(resources),
    }


def hardened() -> dict[str, Any]:
    """What every pod has, as arguments of a KubernetesPodOperator."""
    container = k8s.V1SecurityContext(
        allow_privilege_escalation=False,
        capabilities=k8s.V1Capabilities(drop=["ALL"]),
        read_only_root_filesystem=True,
    )
    return {
        "security_context": k8s.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=NOBODY,
            run_as_group=NOBODY,
            fs_group=NOBODY,
            seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
        ),
        "container_security_context": container,
        "xcom_sidecar_container_security_context": container,
        "service_account_name": SETTINGS,
        "automount_service_account_token": False,
        "volume_mounts": [k8s.V1VolumeMount(name="tmp", mount_path="/tmp")],
        "env_from": [
            k8s.V1EnvFromSource(config_map_ref=k8s.V1ConfigMapEnvSource(name=SETTINGS)),
            k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=SETTINGS, optional=True)),
        ],
        "annotations": STAY,
        # The end of its log is what a failed container said.
        "termination_message_policy": "FallbackToLogsOnError",
    }


def sidecar_resources() -> k8s.V1ResourceRequirements:
    """Of the container that holds the XCom; a quota on limits asks for them of every container."""
    amounts = {"cpu": "10m", "memory": "32Mi", "ephemeral-storage": "32Mi"}
    return k8s.V1ResourceRequirements(requests=amounts, limits={k: v for k, v in amounts.items() if k != "cpu"})


def _resources(resources: ResourceClass) -> k8s.V1ResourceRequirements:
    gpus = {GPU: str(resources.gpus)} if resources.gpus else {}
    requests = {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": resources.scratch, **gpus}
    limits = {name: amount for name, amount in requests.items() if name != "cpu"}
    return k8s.V1ResourceRequirements(requests=requests, limits=limits)


def _environment(resources: ResourceClass) -> list[k8s.V1EnvVar]:
    uid = k8s.V1EnvVarSource(field_ref=k8s.V1ObjectFieldSelector(field_path="metadata.uid"))
    return [
        k8s.V1EnvVar(name="TRAINYARD_POD", value_from=uid),
        k8s.V1EnvVar(name="TRAINYARD_GPUS", value=str(resources.gpus)),
        k8s.V1EnvVar(name="TRAINYARD_GRACE_S", value=str(resources.grace_s)),
        k8s.V1EnvVar(name="TRAINYARD_IMAGE", value=image_of(resources)),
        k8s.V1EnvVar(name="HOME", value="/tmp"),
        k8s.V1EnvVar(name="PYTHONUNBUFFERED", value="1"),
        k8s.V1EnvVar(name="NO_COLOR", value="1"),
    ]
