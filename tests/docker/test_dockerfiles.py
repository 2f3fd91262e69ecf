"""What every Dockerfile keeps to, and what `docker/build` refuses."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docker.locks import IMAGES, REPOSITORY

HADOLINT = Path(sys.executable).with_name("hadolint")
USERS = {
    "airflow": "50000:0",
    "worker": "50000:0",
    "steps": "65534:65534",
    "steps-gpu": "65534:65534",
    "recovery": "65534:65534",
    "object-store": "65534:65534",
}
# The worker's image is put together from two of the others, and installs nothing.
INSTALLED = (*IMAGES, "recovery", "object-store")
# Made of an image of ours, beside the base in which it installs.
MADE_OF = {"recovery": {"${STEPS}"}}
LABELS = ("title", "description", "source", "licenses", "revision", "version", "created")


def dockerfile(image: str) -> Path:
    return REPOSITORY / "docker" / f"{image}.Dockerfile"


def instructions(image: str) -> list[tuple[str, str]]:
    """Each instruction with its words, comments left out and continued lines joined."""
    lines = [line for line in dockerfile(image).read_text().splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, words.strip()) for name, words in re.findall(r"^([A-Z]+)\s+(.*)$", joined, re.MULTILINE)]


def words_of(image: str, name: str) -> list[str]:
    return [words for one, words in instructions(image) if one == name]


def test_no_image_is_without_these_tests():
    assert {path.stem for path in (REPOSITORY / "docker").glob("*.Dockerfile")} == set(USERS)


@pytest.mark.parametrize("image", USERS)
def test_hadolint_finds_nothing(image):
    ran = subprocess.run([HADOLINT, dockerfile(image)], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("image", USERS)
def test_an_image_ends_as_a_user_without_rights(image):
    assert words_of(image, "USER") == [USERS[image]], "a number, so that Kubernetes can tell that it is not root"
    before = [name for name, _ in instructions(image)]
    assert set(before[before.index("USER") :]) <= {"USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


@pytest.mark.parametrize("image", INSTALLED)
def test_a_base_is_named_by_a_tag_that_says_what_it_is(image):
    (base,) = (words.partition("=")[2] for words in words_of(image, "ARG") if words.startswith("BASE="))
    assert re.fullmatch(r"[a-z/]+:3\.12[\w.-]*", base)
    assert {words.split()[0] for words in words_of(image, "FROM")} == {"${BASE}"} | MADE_OF.get(image, set())


@pytest.mark.parametrize("image", INSTALLED)
def test_nothing_is_fetched_but_packages_by_their_hash(image):
    assert not words_of(image, "ADD")
    (installing,) = (words for words in words_of(image, "RUN") if "uv pip" in words)
    assert "--require-hashes" in installing and "--compile-bytecode" in installing
    assert f"docker/{image}.txt /tmp/lock.txt" in words_of(image, "COPY")


@pytest.mark.parametrize("image", USERS)
def test_the_process_is_started_without_a_shell_and_hears_sigterm(image):
    assert json.loads(*words_of(image, "ENTRYPOINT")) == ["tini", "--"]
    assert json.loads(*words_of(image, "CMD"))


@pytest.mark.parametrize("image", USERS)
def test_the_labels_come_from_the_commit_not_from_the_clock(image):
    (labels,) = words_of(image, "LABEL")
    found = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', labels))
    assert tuple(found) == LABELS
    assert (found["revision"], found["version"], found["created"]) == ("${COMMIT}", "${VERSION}", "${CREATED}")
    assert "TRAINYARD_COMMIT=${COMMIT}" in words_of(image, "ENV")


def test_the_image_for_a_gpu_differs_from_the_one_for_the_cpu_by_its_lock_and_its_variables():
    cpu, gpu = ([f"{name} {' '.join(words.split())}" for name, words in instructions(image)] for image in IMAGES[1:])
    ours = [one for one in gpu if one not in cpu]
    assert [one.split()[0] for one in ours] == ["COPY", "ENV", "LABEL"]
    assert set(ours[1].split()) - set(" ".join(cpu).split()) == {
        "SCIPY_ARRAY_API=1",
        "CUPY_CACHE_DIR=/tmp/.cupy",
        "CUDA_CACHE_PATH=/tmp/.nv",
        "NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    }


def test_a_build_sees_only_what_is_named():
    patterns = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert patterns[0] == "*"
    taken_back = {line for line in patterns[1:] if not line.startswith("!")}
    assert taken_back == {"**/__pycache__/", "**/*.pyc"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository of one commit that holds the build script."""
    (tmp_path / "docker").mkdir()
    shutil.copy(REPOSITORY / "docker" / "build", tmp_path / "docker")
    for command in ("init -q", "add .", "-c user.name=t -c user.email=t@example.com commit -q -m one"):
        subprocess.run(["git", "-C", str(tmp_path), *command.split()], check=True)
    return tmp_path


def refusal(clone: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [clone / "docker" / "build", *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DOCKER_HOST": f"unix://{clone}/none.sock"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    return ran.stderr


def test_a_tree_with_changes_is_not_built_under_the_commits_name(clone):
    (clone / "new").touch()
    assert "make images TAG=try" in refusal(clone)
    assert "no Docker engine answers" in refusal(clone, "try"), "named otherwise it may"


def test_latest_is_no_tag(clone):
    assert "'latest'" in refusal(clone, "latest")


def test_without_an_engine_it_says_where_it_looked(clone):
    assert f"unix://{clone}/none.sock" in refusal(clone)
