"""The node pools that Terraform makes are those that the resource classes ask for.

Not shown here: `terraform validate` and `plan`, which want the provider from its registry, and an account.
"""

import re
import shutil
import subprocess
import tomllib

import pytest

from pipelines.resource_classes import SHIPPED
from tests.deploy.manifests import DEPLOY

EKS = DEPLOY / "terraform" / "eks"
NODES = (EKS / "nodes.tf").read_text(encoding="utf-8")


def pool(name: str) -> str:
    """The lines of one node pool."""
    (found,) = re.findall(rf"^    {re.escape(name)} = {{\n(.*?)^    }}$", NODES, flags=re.MULTILINE | re.DOTALL)
    return str(found)


def taints_of(text: str) -> set[str]:
    own = set(re.findall(r'{ key = "([^"]+)", value = "true", effect = "NO_SCHEDULE" }', text))
    return own | ({"nvidia.com/gpu"} if "local.gpu_taint" in text else set())


CLASSES = {name: one for name, one in tomllib.loads(SHIPPED.read_text()).items() if "node_selector" in one}


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_tolerates_every_taint_of_the_pool_that_it_selects(name):
    selected = CLASSES[name]["node_selector"]["trainyard/node-pool"]
    tolerated = {one["key"] for one in CLASSES[name]["tolerations"]}
    assert f'"trainyard/node-pool" = "{selected}"' in pool(selected)
    assert taints_of(pool(selected)) == tolerated


def test_the_pools_with_gpus_grow_from_no_node():
    for name in ("gpu", "gpu-spot"):
        assert re.search(r"min\s+= 0$", pool(name), flags=re.MULTILINE)
        assert "AL2023_x86_64_NVIDIA" in pool(name)
    assert '"SPOT"' in pool("gpu-spot")
    assert taints_of(pool("cpu")) == set(), "Airflow and the steps without a GPU tolerate no taint"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_variable_without_a_default_is_given(environment):
    text = (EKS / "variables.tf").read_text(encoding="utf-8")
    declared = dict(re.findall(r'^variable "(\w+)" {\n(.*?)^}$', text, flags=re.MULTILINE | re.DOTALL))
    given = set(re.findall(r"^(\w+)\s*=", (EKS / f"{environment}.tfvars").read_text(), flags=re.MULTILINE))
    needed = {name for name, body in declared.items() if not re.search(r"^  default\s", body, flags=re.MULTILINE)}
    assert needed <= given <= declared.keys()


def test_terraform_is_formatted():
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", "-recursive", str(DEPLOY)], capture_output=True, text=True
    )
    assert done.returncode == 0, f"run `terraform fmt -recursive deploy`:\n{done.stdout}{done.stderr}"
