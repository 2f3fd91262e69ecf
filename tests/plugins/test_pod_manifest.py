"""The pod that a step becomes, as the API server would get it."""

from types import SimpleNamespace
from typing import Any

import kubernetes_validate
import pytest
from airflow.sdk.exceptions import AirflowFailException
from kubernetes.client import ApiClient

from pipelines.flow import BY_NAME, STEPS
from pipelines.resource_classes import resource_class, resource_classes
from pipelines.spec import find_dataset, find_model
from plugins import pod_manifest
from plugins.step_operator import step_operator
from tests.plugins.contexts import context

KUBERNETES = "1.33"


@pytest.fixture(autouse=True)
def cluster(monkeypatch):
    monkeypatch.setenv("TRAINYARD_COMPUTE", "kubernetes")
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", "registry.example/trainyard/steps:1a2b3c4")
    monkeypatch.setenv("TRAINYARD_STEPS_GPU_IMAGE", "registry.example/trainyard/steps-gpu:1a2b3c4")
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", '{"conn_type": "kubernetes"}')


def run_of(step: str, run_type: str = "scheduled", run_id: str = "scheduled__1", map_index: int = -1) -> dict[str, Any]:
    found = context(run_type=run_type, reason="late flights are missed", to=None, effective_from=None)
    found["dag_run"].triggering_user_name = "ada"
    found["run_id"], found["dag"] = run_id, SimpleNamespace(parent_dag=None)
    for name, value in {"dag_id": "d", "task_id": step, "map_index": map_index, "try_number": 1}.items():
        setattr(found["ti"], name, value)
    return found


def pod_of(step: str, class_name: str = "cpu-small", **run: Any) -> dict[str, Any]:
    table = BY_NAME[step]
    spec = find_dataset("flights") if table.subject == "dataset" else find_model("flight_delay")
    operator, of_run = step_operator(table, spec, "flights"), run_of(step, **run)
    operator._prepare(of_run, class_name, restarts=0)
    made = operator.build_pod_request_obj(of_run, dry_run=True)
    found: dict[str, Any] = ApiClient().sanitize_for_serialization(made)
    return found


@pytest.mark.parametrize("class_name", sorted(resource_classes()))
@pytest.mark.parametrize("step", [step.name for step in STEPS])
def test_every_step_in_every_class_is_a_valid_pod(step, class_name):
    kubernetes_validate.validate(pod_of(step, class_name), KUBERNETES, strict=True)


@pytest.mark.parametrize("container", [0, 1], ids=["step", "XCom sidecar"])
def test_each_container_fits_the_restricted_standard_and_more(container):
    spec = pod_of("train")["spec"]
    security = spec["containers"][container]["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"] is True
    assert spec["securityContext"]["runAsNonRoot"] is True and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False and spec["hostNetwork"] is False
    limits = spec["containers"][container]["resources"]["limits"]
    assert limits["memory"] == spec["containers"][container]["resources"]["requests"]["memory"]


def test_the_images_entrypoint_stays_for_it_hands_signals_on():
    container = pod_of("train")["spec"]["containers"][0]
    assert not container.get("command")
    assert container["args"][:4] == ["python", "-m", "pipelines", "train"]


def test_only_tmp_and_the_result_can_be_written():
    spec = pod_of("train")["spec"]
    mounts = {mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
    assert mounts == {"/tmp", "/airflow/xcom"}
    assert all(set(volume) == {"name", "emptyDir"} for volume in spec["volumes"])


def test_no_value_of_the_workers_environment_is_in_the_pod(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:hush-hush@mlflow:5000")
    pod = pod_of("train")
    assert "hush-hush" not in str(pod)
    assert [next(iter(source)) for source in pod["spec"]["containers"][0]["envFrom"]] == ["configMapRef", "secretRef"]


def test_a_pod_says_whose_it_is_and_what_for():
    labels = pod_of("train", "gpu-spot")["metadata"]["labels"]
    assert {name: labels[f"trainyard/{name}"] for name in ("model", "step", "as-of", "resource-class", "restarts")} == {
        "model": "flight_delay",
        "step": "train",
        "as-of": "2013-05-01T00-00-00",
        "resource-class": "gpu-spot",
        "restarts": "0",
    }
    assert labels["trainyard/owner"] and labels["run_id"] == "scheduled__1"


def test_a_gpu_class_gets_its_gpu_its_node_and_its_image():
    spec = pod_of("train", "gpu-spot")["spec"]
    assert spec["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert spec["nodeSelector"] == {"trainyard/node-pool": "gpu-spot"}
    assert {toleration["key"] for toleration in spec["tolerations"]} == {"nvidia.com/gpu", "trainyard/spot"}
    assert spec["containers"][0]["image"] == "registry.example/trainyard/steps-gpu:1a2b3c4"


def test_all_tries_of_a_task_have_one_name_and_no_other_task_has_it():
    first, again = (pod_of("train")["metadata"]["name"] for _ in range(2))
    others = {
        pod_of("train", run_id="scheduled__2")["metadata"]["name"],
        pod_of("evaluate")["metadata"]["name"],
        pod_of("train", map_index=1)["metadata"]["name"],
    }
    assert first == again and first not in others and len(others) == 3
    assert first.startswith("train-flight-delay-") and len(first) <= 63


@pytest.mark.parametrize(
    "step, run_type, expected",
    [("predict", "scheduled", "serving"), ("train", "manual", "training"), ("predict", "backfill", "backfill")],
)
def test_serving_goes_before_training_and_training_before_a_backfill(step, run_type, expected):
    assert pod_of(step, run_type=run_type)["spec"]["priorityClassName"] == f"trainyard-{expected}"


@pytest.mark.parametrize(
    "image",
    ["", "trainyard/steps", "trainyard/steps:latest", "registry.example:5000/steps", "steps@sha512:00"],
)
def test_an_image_without_a_fixed_version_is_refused(image, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", image)
    with pytest.raises(AirflowFailException, match="TRAINYARD_STEPS_IMAGE must name an image by digest or by a tag"):
        pod_manifest.image_of(resource_class("cpu-small"))


@pytest.mark.parametrize("image", ["steps:1a2b3c4", "r.example:5000/steps:v1", f"steps@sha256:{'0' * 64}"])
def test_a_tag_or_a_digest_is_taken(image, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", image)
    assert pod_manifest.image_of(resource_class("cpu-small")) == image
