"""XGBoost on a GPU, wherever there is one: the device is proven, and a CPU scores what it made."""

import numpy as np
import pytest
import xgboost

from pipelines.boosting import device_of
from pipelines.checkpoints import Checkpoints
from pipelines.estimators import fit_rounds, score, stop_early
from pipelines.matrices import from_batches, quantize
from pipelines.release.provenance import Meter
from tests.pipelines.gpu import cupy_or_skip
from tests.pipelines.interrupted_fits import ENCODING, KEY, MODEL, ROUNDS, TRAINING, Killed, die, interrupt, rows

ON_GPU = TRAINING.model_copy(update={"device": "cuda"})
# Float32 leaves, summed in another order.
PROBABILITIES = 1e-6
# Bins of sampled rows, histograms in other roundings: other trees, the same skill.
SKILL = 0.02


@pytest.fixture(autouse=True)
def cupy():
    return cupy_or_skip("nothing is trained on a GPU")


def refit(checkpoints: Checkpoints | None = None) -> xgboost.Booster:
    return fit_rounds("classification", ON_GPU, ENCODING, rows(1), ROUNDS, "refit", checkpoints)


def test_the_same_rows_give_the_same_model_to_the_byte_and_it_says_that_it_is_on_the_gpu():
    booster = refit()
    assert device_of(booster) == "cuda"
    assert refit().save_raw("ubj") == booster.save_raw("ubj")


def test_a_fit_resumed_at_any_chunk_has_the_bytes_of_one_never_interrupted(store, monkeypatch):
    saved = Checkpoints(store, MODEL, KEY, every_s=0, meter=Meter(gpus=1))
    wanted = refit().save_raw("ubj")
    for chunk in (1, 2, 3):
        interrupt(monkeypatch, chunk, die)
        with pytest.raises(Killed):
            refit(saved)
        assert refit(saved).save_raw("ubj") == wanted
        saved.clear()


def test_a_cpu_loads_what_a_gpu_saved_and_scores_it_alike(tmp_path):
    booster, (matrix, _) = refit(), rows(2)
    booster.save_model(tmp_path / "model.ubj")
    loaded = xgboost.Booster(model_file=tmp_path / "model.ubj")
    assert device_of(loaded) == "cpu"
    assert np.abs(score(loaded, ENCODING, matrix) - score(booster, ENCODING, matrix)).max() < PROBABILITIES


def test_early_stopping_finds_the_same_skill_on_both_devices():
    found = [
        min(stop_early("classification", training, ENCODING, rows(1), rows(2), lambda line: None).curve)
        for training in (TRAINING, ON_GPU)
    ]
    assert found[1] == pytest.approx(found[0], abs=SKILL)


@pytest.mark.parametrize("paged", [False, True])
def test_rows_in_batches_and_pages_give_the_skill_of_rows_at_once(cupy, paged):
    named = {"feature_names": ENCODING.columns, "feature_types": ENCODING.feature_types}
    parameters = {"objective": "binary:logistic", "device": "cuda", "max_bin": 64, "seed": 3}
    data = [
        quantize(ENCODING, rows(1), 64, "cuda"),
        from_batches(cupy, rows(1), 64, named, None, paged, batch_bytes=100 * 12),
    ]
    whole, parts = (score(xgboost.train(parameters, one, 10), ENCODING, rows(2)[0]) for one in data)
    assert np.abs(whole - parts).mean() < SKILL
