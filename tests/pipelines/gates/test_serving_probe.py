"""The probe in a real process of its own, on a small real Booster in a folder as MLflow makes it."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost

from pipelines.encoding import Encoding
from pipelines.estimators import Model
from pipelines.gates import serving
from pipelines.gates.serving import REPOSITORY, Unmeasured, measure, run_probe
from pipelines.gates.serving_probe import Measurements
from pipelines.layout import measurements
from pipelines.registry import ENCODING_FILE, MODEL_FILE
from tests.pipelines.gates.hand_written import CANDIDATE
from tests.pipelines.gates.measured import TIMED_OUT

COLUMNS = ["carrier", "distance_mi"]
ROWS = pd.DataFrame(
    {"carrier": ["AA", "UA", None, "never seen"] * 75, "distance_mi": np.arange(300.0), "unused": [1.0] * 300}
)


def log(folder: Path) -> Model:
    """A Booster of five trees, and what MLflow keeps beside it as far as it is read."""
    encoding = Encoding(COLUMNS, {"carrier": ["AA", "UA"]})
    label = (ROWS["distance_mi"] % 7 < 3).to_numpy(dtype=float)
    types = {"feature_names": COLUMNS, "feature_types": encoding.feature_types}
    data = xgboost.DMatrix(encoding.matrix(ROWS), label=label, enable_categorical=True, **types)
    booster = xgboost.train({"objective": "binary:logistic", "seed": 1, "nthread": 1}, data, num_boost_round=5)
    (folder / "extra_files").mkdir(parents=True)
    (folder / "extra_files" / ENCODING_FILE).write_text(encoding.to_json())
    booster.save_model(folder / MODEL_FILE)
    inputs = json.dumps([{"name": name, "type": "float", "required": True} for name in COLUMNS])
    (folder / "MLmodel").write_text(f"signature:\n  inputs: '{inputs}'\n")
    return Model(booster, encoding)


@pytest.fixture(scope="module")
def logged(tmp_path_factory) -> tuple[Path, Model]:
    folder = tmp_path_factory.mktemp("logged") / "model"
    return folder, log(folder)


@pytest.fixture(scope="module")
def found(logged) -> Measurements:
    measured = run_probe(logged[0], ROWS)
    assert isinstance(measured, Measurements), measured
    return measured


def test_it_answers_as_the_model_does_here(logged, found):
    scores = logged[1].score(ROWS)
    digest = hashlib.sha256(scores.tobytes()).hexdigest()
    assert found.batches == [digest, digest] and found.rows == 300 and found.finite
    assert (found.lowest, found.highest) == (scores.min(), scores.max())
    assert found.batch_gap == 0 and found.columns == COLUMNS


def test_it_weighs_the_files_and_times_the_calls(logged, found):
    on_disk = [file for file in logged[0].rglob("*") if file.is_file()]
    assert found.model_mb * 2**20 == sum(file.stat().st_size for file in on_disk) and len(on_disk) == 3
    assert 0 < found.p50_ms <= found.p99_ms and found.rows_per_s > 0 and found.peak_memory_mb >= 0
    assert found.model_digest == hashlib.sha256((logged[0] / MODEL_FILE).read_bytes()).hexdigest()


def test_a_process_that_may_not_unpickle_refuses_what_names_a_class_and_reads_plain_data():
    code = (
        "import datetime, pickle; from pipelines.gates.serving_probe import forbid_unpickling\n"
        "held, plain = pickle.dumps(datetime.date(2013, 1, 1)), pickle.dumps([1, 'a'])\n"
        "forbid_unpickling(); print(pickle.loads(plain)); pickle.loads(held)"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert ran.stdout == "[1, 'a']\n" and ran.returncode != 0
    assert "unpickling is forbidden here, and something unpickled datetime.date" in ran.stderr


def test_a_model_that_does_not_load_says_so_in_the_same_words_wherever_it_lies(tmp_path, capsys):
    crashes = []
    for name in ("here", "there"):
        log(tmp_path / name)
        (tmp_path / name / "extra_files" / ENCODING_FILE).unlink()
        crashes.append(run_probe(tmp_path / name, ROWS))
    assert crashes == [Unmeasured("exit code 1: FileNotFoundError: [Errno 2] No such file or directory: '…'")] * 2
    assert str(tmp_path / "there") in capsys.readouterr().out, "the log has the whole of it"


def test_a_library_that_prints_the_time_says_the_same_each_time(tmp_path):
    log(tmp_path / "model")
    (tmp_path / "model" / MODEL_FILE).write_bytes(b"not a Booster")
    crash = run_probe(tmp_path / "model", ROWS)
    assert crash.why.startswith("exit code 1: xgboost.core.XGBoostError: … …:") and not crash.timed_out


def test_a_model_that_does_not_answer_in_time_is_ended(logged):
    assert run_probe(logged[0], ROWS, timeout_s=0.05) == Unmeasured("it did not finish within 0.05 s", timed_out=True)


class Folders:
    """A registry whose every version is one folder; it counts who asks."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked = folder, []

    def download(self, model: str, version: int, folder: Path) -> Path:
        self.asked.append(version)
        return self.folder


def test_a_version_is_measured_once_and_again_when_it_is_another_model(store, logged, found, monkeypatch):
    registry, probed = Folders(logged[0]), []
    monkeypatch.setattr(serving, "run_probe", lambda folder, rows: probed.append(len(rows)) or found)
    first = measure(store, registry, CANDIDATE, None, ROWS)
    assert first.candidate.measured == found and first.champion is None and registry.asked == [3]
    assert measure(store, registry, CANDIDATE, None, ROWS) == first and probed == [300]
    measure(store, registry, replace(CANDIDATE, model_digest="another"), None, ROWS)
    assert registry.asked == [3, 3]


def test_a_crash_is_not_kept(store, logged, found, monkeypatch):
    answers = iter([TIMED_OUT, found])
    monkeypatch.setattr(serving, "run_probe", lambda folder, rows: next(answers))
    registry = Folders(logged[0])
    assert measure(store, registry, CANDIDATE, None, ROWS).candidate.measured == TIMED_OUT
    assert not store.exists(measurements("flight_delay", 3))
    assert measure(store, registry, CANDIDATE, None, ROWS).candidate.measured == found
