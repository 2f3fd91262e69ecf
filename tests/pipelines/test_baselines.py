import sys

import array_api_strict
import numpy as np
import pytest

from pipelines.array import GpuMissing
from pipelines.baselines import DispatchOff, fit_baseline
from pipelines.encoding import Encoding
from tests.pipelines.gpu import cupy_or_skip

ENCODING = Encoding(["carrier", "risk", "distance"], {"carrier": ["AA", "UA", "never flew"]})
# Both fit in single precision, the logistic regression until its gradient is 1e-3.
SCORES = 1e-4


def rows(seed: int, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """Late when carrier 1 meets risk, with luck; some carriers and risks are missing."""
    chance = np.random.default_rng(seed)
    carrier, risk = chance.integers(0, 2, count).astype(float), chance.normal(size=count)
    label = (carrier + risk + chance.normal(size=count) > 1).astype(float)
    carrier[chance.random(count) < 0.05] = np.nan
    risk[chance.random(count) < 0.1] = np.nan
    return np.column_stack([carrier, risk, chance.normal(1000, 400, count)]).astype("float32"), label


@pytest.fixture(params=["array_api_strict", "cupy"])
def device(request, monkeypatch):
    """A GPU, or array-api-strict in its place: what still takes a column for NumPy's fails on it."""
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    if request.param == "array_api_strict":
        monkeypatch.setattr("pipelines.baselines.get_xp", lambda device: array_api_strict)
        return "cuda"
    cupy_or_skip("CPU and GPU are not compared")
    return "cuda"


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")  # scikit-learn's scaler
@pytest.mark.parametrize("baseline", ["logistic_regression", "ridge"])
def test_linear_baselines_score_alike_on_both_devices(device, baseline):
    unseen = np.array([[np.nan, np.nan, 0.0], [2.0, 0.0, np.nan], [7.0, 1.0, 900.0]], "float32")
    matrix = np.concatenate([rows(2)[0], unseen])
    expected = fit_baseline(baseline, ENCODING, rows(1))(matrix)
    found = fit_baseline(baseline, ENCODING, rows(1), device)(matrix)
    assert type(found) is np.ndarray and found.shape == (2003,)
    assert np.abs(found - expected).max() < SCORES
    assert np.ptp(expected) > 0.5, "the scores would differ if the columns were mixed up"


@pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Skipping features without any observed values:UserWarning")
def test_a_column_without_values_weighs_nothing_on_both_devices(device):
    matrix, label = rows(1)
    matrix[:, 1] = np.nan
    expected = fit_baseline("ridge", ENCODING, (matrix, label))(rows(2)[0])
    found = fit_baseline("ridge", ENCODING, (matrix, label), device)(rows(2)[0])
    assert np.abs(found - expected).max() < SCORES


def test_means_need_no_gpu():
    matrix, label = rows(1)
    assert fit_baseline("majority", ENCODING, (matrix, label), "cuda")(matrix[:2]) == pytest.approx([label.mean()] * 2)
    assert fit_baseline("mean", ENCODING, (matrix, label), "cuda")(matrix[:2]) == pytest.approx([label.mean()] * 2)


def test_a_missing_gpu_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(GpuMissing, match="A GPU is asked for"):
        fit_baseline("ridge", ENCODING, rows(1), "cuda")


def test_dispatch_that_is_off_is_said_before_anything_is_fitted(monkeypatch):
    monkeypatch.setattr("pipelines.baselines.get_xp", lambda device: array_api_strict)
    monkeypatch.delenv("SCIPY_ARRAY_API", raising=False)
    with pytest.raises(DispatchOff, match=r"fits ridge on the GPU, .* SCIPY_ARRAY_API=1 .* \(found None\)"):
        fit_baseline("ridge", ENCODING, rows(1), "cuda")
