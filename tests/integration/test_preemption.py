"""A training that is asked to end, and killed, in its midst: one version, with the bytes of one left in peace."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from pipelines.candidate import booster_digest, read_candidate
from pipelines.checkpoints import spent_on
from pipelines.errors import EXIT_PREEMPTED
from pipelines.layout import checkpoints_folder, fit_checkpoints
from pipelines.registry import Registry
from pipelines.spec import ModelSpec
from pipelines.steps import assemble, train
from pipelines.store import Store
from pipelines.training_set import load, read, split_of
from pipelines.walk_forward import candidate_key, hold_out
from tests.integration.copied_code import copy_of_code
from tests.pipelines.months import FEBRUARY

pytestmark = pytest.mark.slow
SPAN = ("--start", "2013-02-01", "--end", "2013-03-01")
WITHIN_SECONDS = 120


@pytest.fixture
def code(tmp_path) -> Path:
    return tmp_path / "code"


@pytest.fixture
def spec(code) -> ModelSpec:
    (declared,) = copy_of_code(code, f"delay_{uuid.uuid4().hex[:8]}").values()
    return declared


def start(spec: ModelSpec, code: Path, mlflow: str, result: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines", "train", "--model", spec.name, *SPAN, "--result", str(result)],
        cwd=code,
        env=os.environ | {"MLFLOW_TRACKING_URI": mlflow},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(store: Store, folder: str, manifests: int, process: "subprocess.Popen[str]") -> None:
    """Until that many checkpoints were seen in a folder."""
    seen: set[str] = set()
    deadline = time.monotonic() + WITHIN_SECONDS
    while len(seen) < manifests:
        assert process.poll() is None and time.monotonic() < deadline, (seen, process.communicate())
        seen.update(store.list_files(folder, ".json"))
        time.sleep(0.01)


def test_asked_to_end_then_killed_a_training_registers_one_version_with_the_same_bytes(
    spec, code, joined_store, mlflow_server, tmp_path
):
    assemble.run(spec, FEBRUARY, joined_store)
    manifest, result = read(joined_store, spec.name, FEBRUARY.as_of), tmp_path / "result.json"
    key, registry = candidate_key(spec, manifest), Registry(mlflow_server.uri)

    asked = start(spec, code, mlflow_server.uri, result)
    wait_for(joined_store, fit_checkpoints(spec.name, key, "early_stopping"), 3, asked)
    asked.send_signal(signal.SIGTERM)
    said, told = asked.communicate(timeout=WITHIN_SECONDS)
    assert asked.returncode == EXIT_PREEMPTED, told
    assert told.startswith(f"{spec.name}: asked to end (SIGTERM). early_stopping is saved at round ")
    assert len(told.splitlines()) == 1 and told.rstrip().endswith("run the same step again, it goes on from there")

    killed = start(spec, code, mlflow_server.uri, result)
    wait_for(joined_store, fit_checkpoints(spec.name, key, "refit"), 3, killed)
    killed.kill()
    said, _ = killed.communicate(timeout=WITHIN_SECONDS)
    assert "resuming early_stopping at round " in said and "of at most 100 from its checkpoint" in said
    assert registry.find_candidate(spec.name, key) is None and not result.exists()
    spent = spent_on(joined_store, spec.name, key)

    last = start(spec, code, mlflow_server.uri, result)
    said, told = last.communicate(timeout=WITHIN_SECONDS)
    assert last.returncode == 0, told
    assert "early_stopping is complete in its checkpoint" in said and "held_out is complete in its checkpoint" in said
    assert "resuming refit at round " in said and "refused" not in said

    rows = load(joined_store, spec, manifest)
    alone = hold_out(spec, split_of(spec, FEBRUARY.as_of), rows)
    made = read_candidate(joined_store, spec.name, FEBRUARY.as_of)
    assert made.model_digest == json.loads(result.read_text())["references"]["model_digest"]
    assert made.model_digest == booster_digest(train.refit(spec, rows, alone.stopped.rounds).booster)
    assert made.rounds == alone.stopped.rounds and made.version == 1
    assert spent is not None and made.cost["wall_s"] > spent.wall_s
    assert len(registry.client.search_model_versions(f"name = '{spec.name}'")) == 1
    assert joined_store.files_below(checkpoints_folder(spec.name)) == {}
