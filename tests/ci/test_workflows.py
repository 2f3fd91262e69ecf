"""The forge's workflows: every action by commit, no right that is not needed, and no finding of zizmor."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.environment import REPO

WORKFLOWS = sorted((REPO / ".github" / "workflows").glob("*.yaml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit(path):
    for used in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
        assert re.fullmatch(r"[\w/.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), f"{path.name}: {used}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_that_runs_code_of_a_pull_request_may_write_nothing(path):
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML reads the bare word `on` as true.
    by_pull_request = "pull_request" in told[True]
    assert "pull_request_target" not in told[True]
    for name, job in told["jobs"].items():
        rights = job.get("permissions", told["permissions"])
        runs_its_code = any("checkout" in step.get("uses", "") for step in job["steps"])
        if by_pull_request and runs_its_code:
            assert rights == {"contents": "read"}, f"{path.name}: {name} may {rights}"
        assert job["timeout-minutes"] <= 60


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_expression_stands_in_a_script(path):
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    for job in told["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), f"{path.name}: give it by env, the shell would run it as code"


def test_zizmor_finds_nothing():
    zizmor = shutil.which("zizmor", path=str(Path(sys.executable).parent))
    if zizmor is None:
        pytest.skip("zizmor is not installed; `make lock` and an installation from it bring it")
    command = [zizmor, "--offline", "--no-progress", *map(str, WORKFLOWS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
