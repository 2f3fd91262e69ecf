import contextlib
import sys
from functools import partial

import numpy as np
import pytest

from pipelines.array import GpuMissing, get_xp
from pipelines.baselines import fit_baseline
from pipelines.encoding import Encoding
from pipelines.estimators import fit_rounds, importances, score, stop_early
from pipelines.matrices import batches
from pipelines.training_spec import Training, XGBoostParameters

ENCODING = Encoding(["carrier", "risk", "noise"], {"carrier": ["AA", "UA"]})
TRAINING = Training(
    estimator="xgboost", max_rounds=60, early_stopping_rounds=5, parameters=XGBoostParameters(subsample=0.8)
)


def rows(seed: int, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Late when carrier 1 meets risk, with luck; a tenth of the risks is missing."""
    chance = np.random.default_rng(seed)
    carrier, risk, noise = chance.integers(0, 2, count), chance.normal(size=count), chance.normal(size=count)
    label = (carrier + risk + chance.normal(size=count) > 1).astype(float)
    risk[chance.random(count) < 0.1] = np.nan
    return np.column_stack([carrier, risk, noise]).astype("float32"), label


@pytest.fixture(scope="module")
def booster():
    return fit_rounds("classification", TRAINING, ENCODING, rows(1), 20)


def test_the_same_rows_give_the_same_model_to_the_byte(booster):
    again = fit_rounds("classification", TRAINING, ENCODING, rows(1), 20)
    assert again.save_raw("ubj") == booster.save_raw("ubj")


def test_another_seed_gives_another_model(booster):
    other = TRAINING.model_copy(update={"seed": 5})
    assert fit_rounds("classification", other, ENCODING, rows(1), 20).save_raw("ubj") != booster.save_raw("ubj")


def test_scores_are_probabilities_that_rank_rows_never_seen(booster):
    from sklearn.metrics import roc_auc_score

    matrix, label = rows(2)
    scores = score(booster, ENCODING, matrix)
    assert scores.min() > 0 and scores.max() < 1
    assert 0.7 < roc_auc_score(label, scores) < 0.95


def test_a_missing_category_scores(booster):
    matrix = np.array([[np.nan, 0.0, 0.0], [0.0, np.nan, np.nan]], "float32")
    assert np.isfinite(score(booster, ENCODING, matrix)).all()


def test_early_stopping_keeps_the_best_round_of_the_holdout():
    stopped = stop_early("classification", TRAINING, ENCODING, rows(1), rows(2), lambda line: None)
    assert stopped.metric == "logloss"
    assert stopped.rounds == int(np.argmin(stopped.curve)) + 1
    assert stopped.rounds < len(stopped.curve) <= stopped.rounds + TRAINING.early_stopping_rounds


def test_without_sampling_the_rounds_are_those_of_one_xgboost_train_however_they_are_cut():
    import xgboost

    plain = TRAINING.model_copy(update={"parameters": XGBoostParameters(), "chunk_rounds": 7})
    matrices = [xgboost.DMatrix(*rows(seed), feature_types=ENCODING.feature_types) for seed in (1, 2)]
    seen: dict[str, dict[str, list[float]]] = {}
    parameters = {**plain.parameters.model_dump(), "objective": "binary:logistic", "tree_method": "hist"}
    booster = xgboost.train(
        parameters, matrices[0], 60, evals=[(matrices[1], "holdout")], early_stopping_rounds=5, evals_result=seen
    )
    stopped = stop_early("classification", plain, ENCODING, rows(1), rows(2), lambda line: None)
    assert stopped.rounds == booster.best_iteration + 1
    assert stopped.curve == pytest.approx(seen["holdout"]["logloss"], abs=1e-6)


def test_a_gpu_that_is_missing_is_told_before_anything_is_fitted(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    on_gpu = TRAINING.model_copy(update={"device": "cuda"})
    with pytest.raises(GpuMissing, match="CuPy is not installed here"):
        fit_rounds("classification", on_gpu, ENCODING, rows(1), 5)


def test_a_fit_that_xgboost_quietly_ran_on_the_cpu_is_refused(monkeypatch):
    with contextlib.suppress(GpuMissing):
        get_xp("cuda")
        pytest.skip("there is a GPU: nothing is run on the CPU in its place")
    for module in ("estimators", "matrices"):
        monkeypatch.setattr(f"pipelines.{module}.get_xp", lambda device: np)
    on_gpu = TRAINING.model_copy(update={"device": "cuda"})
    with pytest.raises(GpuMissing, match='"cuda", but XGBoost trained on cpu'):
        fit_rounds("classification", on_gpu, ENCODING, rows(1), 5)


def test_rows_that_go_to_the_device_in_batches_are_scored_alike(booster, monkeypatch):
    matrix, _ = rows(2)
    whole = score(booster, ENCODING, matrix)
    monkeypatch.setattr("pipelines.estimators.batches", partial(batches, batch_bytes=matrix[:7].nbytes))
    assert (score(booster, ENCODING, matrix) == whole).all()
    assert score(booster, ENCODING, matrix[:0]).shape == (0,)


def test_training_tells_its_progress():
    patient = TRAINING.model_copy(update={"early_stopping_rounds": 60})
    lines: list[str] = []
    stop_early("classification", patient, ENCODING, rows(1), rows(2), lines.append)
    assert len(lines) == 1 and lines[0].startswith("round 50 of at most 60: holdout logloss")


def test_importances_are_shares_with_the_largest_first(booster):
    found = importances(booster)
    assert sum(found.values()) == pytest.approx(1)
    assert list(found) == sorted(found, key=found.get, reverse=True)
    assert found["risk"] > found["noise"]


def test_a_regression_learns_the_median():
    matrix, _ = rows(1)
    minutes = np.where(np.arange(len(matrix)) % 10 == 0, 1000.0, 5.0)
    fitted = fit_rounds("regression", TRAINING, ENCODING, (matrix[:, :], minutes), 40)
    assert np.median(score(fitted, ENCODING, matrix)) == pytest.approx(5, abs=1)


def test_the_majority_says_the_rate_and_the_mean_says_the_mean():
    matrix, label = rows(1)
    assert fit_baseline("majority", ENCODING, (matrix, label))(matrix[:3]) == pytest.approx([label.mean()] * 3)
    assert fit_baseline("mean", ENCODING, (matrix, 60 * label))(matrix[:3]) == pytest.approx([60 * label.mean()] * 3)


@pytest.mark.parametrize("baseline", ["logistic_regression", "ridge"])
def test_linear_baselines_rank_rows_with_nulls_and_unseen_categories(baseline):
    from sklearn.metrics import roc_auc_score

    scores = fit_baseline(baseline, ENCODING, rows(1))
    matrix, label = rows(2)
    assert roc_auc_score(label, scores(matrix)) > 0.75
    assert np.isfinite(scores(np.array([[np.nan, np.nan, 0.0], [7.0, 0.0, 0.0]], "float32"))).all()
