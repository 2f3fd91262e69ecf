"""The manifests fit Kubernetes' schemas, and what runs by them fits the `restricted` standard and holds no secret."""

import re

import kubernetes_validate
import pytest

from tests.deploy.manifests import DEPLOY, KUBERNETES, OVERLAYS, REPOSITORY, files, named, of_kind, rendered, title

PATCHES = ("overlays/dev/mlflow.yaml", "overlays/dev/mlflow-port.yaml", "overlays/prod/quota.yaml")


def test_every_file_fits_the_schema():
    """Also where nothing can render the overlays; a patch alone is no whole object."""
    whole = [(path, one) for path, one in files() if not path.as_posix().endswith(PATCHES)]
    assert len(whole) > 20
    for _, one in whole:
        kubernetes_validate.validate(one, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_rendered_object_fits_the_schema(overlay):
    for one in rendered(overlay):
        kubernetes_validate.validate(one, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_object_stands_once_and_in_a_namespace_that_exists(overlay):
    titles = [title(one) for one in rendered(overlay)]
    assert len(titles) == len(set(titles))
    namespaces = {one["metadata"]["name"] for one in of_kind(overlay, "Namespace")}
    used = {one["metadata"].get("namespace") for one in rendered(overlay)} - {None}
    assert used <= namespaces


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_namespace_enforces_restricted(overlay):
    for namespace in of_kind(overlay, "Namespace"):
        labels = namespace["metadata"]["labels"]
        modes = {mode: labels.get(f"pod-security.kubernetes.io/{mode}") for mode in ("enforce", "warn", "audit")}
        assert set(modes.values()) == {"restricted"}, f"{title(namespace)}: {modes}"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_would_be_let_in_by_restricted(overlay):
    """kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, and a read-only root beside it."""
    for deployment in of_kind(overlay, "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {
            "emptyDir",
            "persistentVolumeClaim",
        }
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["readOnlyRootFilesystem"] is True
            assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_secret_stands_in_the_repository(overlay):
    assert not of_kind(overlay, "Secret"), "a Secret is made outside: docs/kubernetes.md"
    for one in of_kind(overlay, "ConfigMap"):
        secret = [key for key in one["data"] if re.search(r"SECRET|PASSWORD|TOKEN|ACCESS_KEY", key)]
        assert not secret, f"{title(one)} is readable to all: {secret} belongs into the Secret"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_images_name_a_version(overlay):
    for deployment in of_kind(overlay, "Deployment"):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            assert re.search(r"(:(?!latest)[\w.-]+|@sha256:[0-9a-f]{64})$", container["image"]), container["image"]


def test_server_and_client_of_mlflow_are_of_one_version():
    (locked,) = re.findall(r"^mlflow==(\S+)$", (REPOSITORY / "requirements.txt").read_text(), flags=re.MULTILINE)
    manifest = (DEPLOY / "kustomize" / "mlflow" / "deployment.yaml").read_text()
    assert re.findall(r"ghcr\.io/mlflow/mlflow:v([\d.]+)", manifest) == [locked]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_steps_find_their_settings_under_the_names_that_the_code_reads(overlay):
    settings = named(overlay, "ConfigMap", "trainyard-steps", "trainyard")["data"]
    environment = (REPOSITORY / "pipelines" / "environment.py").read_text()
    unread = [key for key in settings if not key.startswith("AWS_") and f'"{key}"' not in environment]
    assert not unread, f"pipelines/environment.py does not read {unread}"
    assert {"TRAINYARD_STORE", "MLFLOW_TRACKING_URI", "TRAINYARD_FEAST_ONLINE", "AWS_REGION"} <= settings.keys()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_service_account_of_steps_has_no_token(overlay):
    assert named(overlay, "ServiceAccount", "trainyard-steps", "trainyard")["automountServiceAccountToken"] is False


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_disruption_budget_never_forbids_every_eviction(overlay):
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        assert budget["spec"]["maxUnavailable"] == 1, f"{title(budget)}: a node could never be drained"
