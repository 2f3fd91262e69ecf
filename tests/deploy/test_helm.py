"""The values for Airflow's chart agree with the image, the manifests and the code; secrets are named, never given.

Not shown here: that the chart takes them, for it comes from a registry of its own. `helm template` says so.
"""

import json
import re

import yaml

from pipelines.environment import read_settings
from tests.deploy.manifests import DEPLOY, KUSTOMIZE, REPOSITORY, named, of_kind

VALUES = yaml.safe_load((DEPLOY / "helm" / "airflow.yaml").read_text(encoding="utf-8"))
ENV = {one["name"]: one["value"] for one in VALUES["env"]}
IMAGE = (REPOSITORY / "docker" / "airflow.Dockerfile").read_text(encoding="utf-8")
OURS = ("scheduler", "apiServer", "dagProcessor", "triggerer", "workers")


def test_the_version_of_airflow_is_the_locks():
    (locked,) = re.findall(r"^apache-airflow==(\S+)$", (REPOSITORY / "requirements.txt").read_text(), re.MULTILINE)
    assert VALUES["airflowVersion"] == locked


def test_the_image_has_the_user_and_the_folders_that_the_values_name():
    pod = VALUES["securityContexts"]["pod"]
    assert f"USER {pod['runAsUser']}:{pod['runAsGroup']}" in IMAGE
    for key in ("dags_folder", "plugins_folder"):
        home, name = VALUES["config"]["core"][key].rsplit("/", 1)
        assert f"AIRFLOW_HOME={home} " in IMAGE
        assert f"COPY {name} {name}" in IMAGE


def test_all_of_one_release_has_one_tag():
    images = read_settings(KUSTOMIZE / "overlays" / "prod" / "images.env")
    assert set(images) == {f"TRAINYARD_{name}_IMAGE" for name in ("AIRFLOW", "STEPS", "STEPS_GPU")}
    tags = {image.partition("@")[0].rsplit(":", 1)[1] for image in images.values()}
    assert tags == {VALUES["defaultAirflowTag"]}
    assert tags.isdisjoint({"latest", ""})


def test_airflow_has_the_images_of_the_overlay():
    assert yaml.safe_load(VALUES["extraEnvFrom"]) == [{"configMapRef": {"name": "trainyard-images"}}]
    assert "TRAINYARD_STEPS_IMAGE" in named("prod", "ConfigMap", "trainyard-images", "airflow")["data"]


def test_the_service_accounts_are_those_that_the_manifests_bind():
    accounts = {VALUES[component]["serviceAccount"]["name"] for component in OURS}
    bound = {(one["name"], one["namespace"]) for role in of_kind("prod", "RoleBinding") for one in role["subjects"]}
    assert {namespace for _, namespace in bound} == {"airflow"}
    assert {name for name, _ in bound} == {"airflow-worker", "airflow-triggerer"} <= accounts
    identities = re.findall(r'account = "(airflow-[\w-]+)"', (DEPLOY / "terraform/eks/identity.tf").read_text())
    assert set(identities) <= accounts


def test_every_component_outranks_the_steps():
    named("prod", "PriorityClass", "trainyard-platform")
    assert {VALUES[component]["priorityClassName"] for component in OURS} == {"trainyard-platform"}


def test_steps_run_in_the_namespace_of_the_manifests():
    connection = json.loads(ENV["AIRFLOW_CONN_KUBERNETES_DEFAULT"])
    assert connection["extra"]["in_cluster"] is True
    assert connection["extra"]["namespace"] == ENV["TRAINYARD_NAMESPACE"] == "trainyard"
    assert ENV["TRAINYARD_COMPUTE"] == "kubernetes"


def test_airflow_and_the_steps_see_one_store():
    settings = named("prod", "ConfigMap", "trainyard-steps", "trainyard")["data"]
    for name in ("TRAINYARD_STORE", "MLFLOW_TRACKING_URI", "AWS_REGION"):
        assert ENV[name] == settings[name]
    bucket = re.findall(r'^bucket\s+= "(\S+)"', (DEPLOY / "terraform/eks/prod.tfvars").read_text(), re.MULTILINE)
    assert settings["TRAINYARD_STORE"].split("/")[2] == bucket[0]


def test_secrets_are_named_and_not_given():
    for key in ("fernetKeySecretName", "apiSecretKeySecretName", "jwtSecretName"):
        assert VALUES[key]
    assert VALUES["data"] == {"metadataSecretName": "airflow-database"}
    given = {"fernetKey", "apiSecretKey", "jwtSecret", "webserverSecretKey"} & VALUES.keys()
    assert not given
    assert not [name for name in ENV if re.search(r"SECRET|PASSWORD|ACCESS_KEY", name)]
    assert VALUES["createUserJob"]["enabled"] is False, "its user is admin with the password admin"


def test_nothing_runs_a_script_that_only_the_official_image_has():
    assert "/entrypoint" not in IMAGE
    for component in ("scheduler", "dagProcessor", "triggerer"):
        assert "airflow jobs check" in VALUES[component]["livenessProbe"]["command"][-1]
    for component in ("scheduler", "dagProcessor", "triggerer", "workers"):
        assert VALUES[component]["logGroomerSidecar"]["enabled"] is False
