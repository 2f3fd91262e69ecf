"""checkov over what kustomize renders and over the Terraform; a skipped check has its reason where it is skipped."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.manifests import DEPLOY, KUSTOMIZE, OVERLAYS, REPOSITORY, rendered_text

pytestmark = pytest.mark.slow

LOCK = DEPLOY / "scan.txt"
# Kept between runs, of one lock; `make clean` takes it away with the rest of .venv.
SCANNER = REPOSITORY / ".venv" / "checkov"


@pytest.fixture(scope="module")
def checkov() -> Path:
    """The scanner in an environment of its own: its pins and ours exclude one another."""
    stamp, wanted = SCANNER / "installed", hashlib.sha256(LOCK.read_bytes()).hexdigest()
    program = SCANNER / "bin" / "checkov"
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(SCANNER, ignore_errors=True)
        for command in _installation():
            done = subprocess.run(command, capture_output=True, text=True, timeout=600)
            if done.returncode:
                pytest.skip(f"checkov cannot be installed here: {' '.join(command)}: {done.stderr[-500:]}")
        stamp.write_text(wanted)
    return program


def _installation() -> list[list[str]]:
    python = str(SCANNER / "bin" / "python")
    uv = shutil.which("uv") or shutil.which("uv", path=str(REPOSITORY / ".venv" / "bin"))
    if uv:
        locked = ["--require-hashes", "-r", str(LOCK)]
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(SCANNER)],
            [uv, "pip", "install", "--quiet", "--python", python, *locked],
        ]
    return [
        [sys.executable, "-m", "venv", str(SCANNER)],
        [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)],
    ]


def scan(checkov: Path, *arguments: str) -> None:
    """Offline: its own service would only add the text of its guidelines."""
    command = [str(checkov), "--quiet", "--compact", "--skip-download", *arguments]
    quiet = {**os.environ, "LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=quiet)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_rendered_manifests_pass(checkov, tmp_path):
    for overlay in OVERLAYS:
        (tmp_path / f"{overlay}.yaml").write_text(rendered_text(KUSTOMIZE / "overlays" / overlay))
    scan(checkov, "--framework", "kubernetes", "--directory", str(tmp_path))


def test_the_terraform_passes(checkov):
    folder = DEPLOY / "terraform" / "eks"
    variables = folder / "prod.tfvars"
    scan(checkov, "--framework", "terraform", "--directory", str(folder), "--var-file", str(variables))


def test_the_scanner_does_find_what_is_wrong(checkov, tmp_path):
    privileged = tmp_path / "pod.yaml"
    privileged.write_text(
        "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: "
        "[{name: a, image: a, securityContext: {privileged: true}}]}}"
    )
    with pytest.raises(AssertionError, match="CKV_K8S_16"):
        scan(checkov, "--framework", "kubernetes", "--file", str(privileged))
