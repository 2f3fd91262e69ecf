"""The images as they are built and run, where a Docker engine answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.locks import REPOSITORY, image_lock, versions

pytestmark = pytest.mark.slow
PREFIX, TAG = "trainyard-test", "test"
HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--network=none")
JANUARY = ("--dataset=flights", "--start=2013-01-01", "--end=2013-02-01")
INSTALLED = """\
import json
from importlib.metadata import distributions
print(json.dumps({one.name: one.version for one in distributions()}))
"""
PARSED = """\
import json
from airflow.dag_processing.dagbag import DagBag
found = DagBag(dag_folder="/opt/airflow/dags")
print(json.dumps([sorted(found.dags), found.import_errors]))
"""


def docker(*words: str) -> str:
    ran = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=600, check=False)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return ran.stdout


def run(image: str, *words: str, options: tuple[str, ...] = ()) -> str:
    return docker("run", "--rm", *HARDENED, *options, f"{PREFIX}/{image}:{TAG}", *words)


@pytest.fixture(scope="module", autouse=True)
def built() -> Iterator[None]:
    """The images of Airflow and of the CPU steps; that of the GPU takes gigabytes and is another lock alone."""
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        pytest.skip("no docker command is installed")
    if asked.returncode:
        pytest.skip(f"no Docker engine answers: {asked.stderr.strip().splitlines()[-1]}")
    images = {"IMAGES": "airflow steps", "IMAGE_PREFIX": PREFIX}
    build = subprocess.run(
        [REPOSITORY / "docker" / "build", TAG], env=os.environ | images, capture_output=True, text=True, check=False
    )
    assert build.returncode == 0, build.stderr[-4000:]
    yield
    docker("image", "rm", *(f"{PREFIX}/{image}:{TAG}" for image in images["IMAGES"].split()))


@pytest.mark.parametrize("image", ["airflow", "steps"])
def test_an_image_holds_what_its_lock_says_and_nothing_else(image):
    found = json.loads(run(image, "python", "-c", INSTALLED).splitlines()[-1])
    assert {name.lower().replace("_", "-").replace(".", "-"): version for name, version in found.items()} == versions(
        image_lock(image)
    )


def test_a_month_in_the_container_has_the_bytes_of_a_month_beside_it(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    # The container's user owns nothing of this machine.
    there.chmod(0o777)
    options = (f"--volume={there}:/store", "--env=TRAINYARD_STORE=/store")
    for step in ("ingest", "validate", "featurize"):
        run("steps", "python", "-m", "pipelines", step, *JANUARY, "--result", "/tmp/return.json", options=options)
        subprocess.run(
            [sys.executable, "-m", "pipelines", step, *JANUARY],
            env=os.environ | {"TRAINYARD_STORE": str(here)},
            cwd=REPOSITORY,
            check=True,
        )
    features = files(here / "features")
    assert len(features) > 1 and files(there / "features") == features


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_step_runs_as_nobody_with_what_the_xcom_sidecar_needs():
    asked = "id -u; echo $HOME; touch /opt/x || command -v cat && command -v sleep && command -v pgrep"
    said = run("steps", "sh", "-c", asked)
    assert said.split() == ["65534", "/tmp", "/usr/bin/cat", "/usr/bin/sleep", "/usr/bin/pgrep"]


def test_sigterm_ends_a_process_that_does_not_handle_it():
    name = f"{PREFIX}-sigterm"
    docker("run", "--detach", "--name", name, f"{PREFIX}/steps:{TAG}", "python", "-c", "import time; time.sleep(60)")
    try:
        docker("stop", "--time=30", name)
        assert docker("inspect", "--format={{.State.ExitCode}}", name).strip() == "143", "not killed after the grace"
    finally:
        docker("rm", "--force", name)


def test_airflows_image_parses_every_dag():
    dags, errors = json.loads(run("airflow", "python", "-c", PARSED).splitlines()[-1])
    assert not errors and {"flights__data", "flight_delay__train"} <= set(dags)
