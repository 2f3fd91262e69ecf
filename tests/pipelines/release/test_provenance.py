"""Code, environment and cost, as a training would capture them."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipelines.release.provenance import UNKNOWN_COMMIT, Cost, Meter, capture, code_state, source_digest


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A small repository with one commit."""
    folder = tmp_path / "clone"
    (folder / "pipelines").mkdir(parents=True)
    (folder / "pipelines" / "step.py").write_text("ROUNDS = 1\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "Begin")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout


def test_a_clean_clone_is_named_by_its_commit(clone):
    found = code_state(clone)
    assert found.commit == git(clone, "rev-parse", "HEAD").strip()
    assert found.dirty is False and found.why is None


def test_a_change_that_is_not_committed_is_dirty_and_another_source(clone):
    before = code_state(clone)
    (clone / "pipelines" / "step.py").write_text("ROUNDS = 2\n")
    after = code_state(clone)
    assert after.dirty is True and after.commit == before.commit and after.source != before.source


def test_in_an_image_the_commit_comes_from_the_environment(clone, tmp_path, monkeypatch):
    (clone / "pipelines").rename(tmp_path / "pipelines")
    monkeypatch.delenv("TRAINYARD_COMMIT", raising=False)
    unknown = code_state(tmp_path)
    assert (unknown.commit, unknown.dirty, unknown.why) == (None, None, UNKNOWN_COMMIT)
    monkeypatch.setenv("TRAINYARD_COMMIT", "0123abc")
    told = code_state(tmp_path)
    assert (told.commit, told.dirty, told.why) == ("0123abc", None, None)


def test_without_git_the_commit_is_unknown_and_says_why(clone, monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = code_state(clone)
    assert found.commit is None and found.why == "git does not answer (FileNotFoundError)"


def test_the_source_digest_follows_names_and_contents(tmp_path):
    (tmp_path / "a.py").write_text("1")
    first = source_digest(tmp_path)
    (tmp_path / "notes.txt").write_text("of no matter")
    assert source_digest(tmp_path) == first
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert source_digest(tmp_path) != first


def test_the_environment_names_what_decides_the_model(monkeypatch):
    monkeypatch.setenv("TRAINYARD_IMAGE", "sha256:feed")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-tell")
    found = capture()
    environment = found.environment
    assert environment.image == "sha256:feed" and environment.cpu
    assert environment.lock is not None and re.fullmatch(r"[0-9a-f]{64}", environment.lock)
    assert environment.libraries["xgboost"] and environment.libraries["pyarrow"]
    text = found.model_dump_json()
    assert "do-not-tell" not in text and str(Path.home()) not in text and str(Path.cwd()) not in text


def test_a_meter_counts_the_work_since_it_was_made():
    meter = Meter()
    before = meter.read()
    rng = np.random.default_rng(0)
    while meter.read().cpu_s - before.cpu_s < 0.05:
        np.sort(rng.random(100_000))
    cost = meter.read()
    assert cost.cpu_s >= 0.05 and cost.wall_s > before.wall_s and cost.peak_memory_mb > 20 and cost.gpu_s is None


def test_a_meter_goes_on_from_what_was_spent_before_an_interruption():
    spent = Cost(cpu_s=100.0, wall_s=50.0, peak_memory_mb=1e6, gpu_s=90.0)
    cost = Meter(spent, gpus=2).read()
    assert 100 <= cost.cpu_s < 110 and 50 <= cost.wall_s < 60 and cost.peak_memory_mb == 1e6
    assert cost.gpu_s == pytest.approx(90 + 2 * (cost.wall_s - 50), abs=0.01)
