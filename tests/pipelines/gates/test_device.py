"""A candidate is judged alike wherever its scores are measured."""

import json
from dataclasses import replace

import array_api_strict
import numpy as np
import pytest

from pipelines.gates.evaluation import evaluate
from pipelines.gates.kinds.bounds import Ceiling, Floor
from pipelines.gates.kinds.calibration import Calibration
from pipelines.gates.kinds.versus import VersusBaseline, VersusChampion
from tests.pipelines.gates.hand_written import evidence
from tests.pipelines.gpu import cupy_or_skip


@pytest.fixture(params=["array_api_strict", "cupy"])
def xp(request):
    if request.param == "array_api_strict":
        return array_api_strict
    return cupy_or_skip("CPU and GPU are not compared")


def test_gates_judge_alike_on_a_device(xp, monkeypatch):
    # array-api-strict stands in for the GPU: what still takes a column for NumPy's fails on it.
    monkeypatch.setattr("pipelines.array.get_xp", lambda device: xp if device == "cuda" else np)
    chance = np.random.default_rng(5)
    day, risk = chance.integers(0, 31, 4000), chance.normal(size=4000)
    label = (risk + chance.normal(size=4000) > 0.8).astype(float)
    one, other = (np.round(1 / (1 + np.exp(-risk - noise)), 3) for noise in chance.normal(size=(2, 4000)))
    gates = [
        Floor(kind="floor", metric="auc", at_least=0.6, judged_by="interval"),
        Floor(kind="floor", metric="pr_auc", at_least=0.3),
        Ceiling(kind="ceiling", metric="log_loss", at_most=0.9),
        Calibration(kind="calibration", ece_at_most=0.05),
        VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.01),
        VersusChampion(kind="versus_champion", metric="brier", better_by=0.0),
        VersusBaseline(kind="versus_baseline", metric="log_loss", baseline="majority", better_by=0.0),
    ]
    majority = np.full(len(label), label.mean())
    on_cpu = evidence(one, other, gates=gates, label=label, day=day, majority=majority)
    expected = evaluate(on_cpu, ("", ""))
    found = evaluate(replace(on_cpu, device="cuda"), ("", ""))
    assert [gate.verdict for gate in found.gates] == [gate.verdict for gate in expected.gates]
    assert [gate.sentence for gate in found.gates] == [gate.sentence for gate in expected.gates]
    assert json.loads(found.to_json()) == approximately(json.loads(expected.to_json()))


def approximately(content):
    """JSON in which every fraction may differ by the rounding of an error."""
    if isinstance(content, dict):
        return {name: approximately(one) for name, one in content.items()}
    if isinstance(content, list):
        return [approximately(one) for one in content]
    return pytest.approx(content, rel=1e-9, abs=1e-12) if isinstance(content, float) else content
