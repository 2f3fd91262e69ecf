import numpy as np
import pytest
import xgboost

from pipelines.array import GpuMissing
from pipelines.boosting import Fit, Grown, Matrices, best_round, device_of, grow, require_device, stopped_at

DATA = xgboost.DMatrix(np.arange(8.0).reshape(4, 2), label=np.array([0.0, 1.0, 0.0, 1.0]))


def continuous(curve: list[float], patience: int) -> tuple[int, int]:
    """The best round and the last one, counted from 1, of XGBoost's early stopping on a metric of those values."""
    given, seen = iter(curve), {}
    booster = xgboost.train(
        {"max_depth": 1, "disable_default_eval_metric": True},
        DATA,
        num_boost_round=len(curve),
        evals=[(DATA, "holdout")],
        custom_metric=lambda predicted, data: ("given", next(given)),
        early_stopping_rounds=patience,
        evals_result=seen,
        verbose_eval=False,
    )
    return booster.best_iteration + 1, len(seen["holdout"]["given"])


def chunked(curve: list[float], patience: int, chunk_rounds: int) -> tuple[int, int]:
    """The same, asked at the end of each chunk alone."""
    for end in range(chunk_rounds, len(curve) + chunk_rounds, chunk_rounds):
        stop = stopped_at(curve[:end], patience)
        if stop is not None:
            return best_round(curve[:stop]), stop
    return best_round(curve), len(curve)


@pytest.mark.parametrize("patience", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_early_stopping_is_xgboosts_own_however_the_rounds_are_cut(patience, seed):
    rng = np.random.default_rng(seed)
    # Of few values, so that some are equal; falling first, as a holdout's metric does.
    curve = (np.linspace(2, 0, 30) ** 2 + rng.integers(0, 3, 30)).round(1).tolist()
    wanted = continuous(curve, patience)
    assert [chunked(curve, patience, rounds) for rounds in (1, 4, 7, 30)] == [wanted] * 4


@pytest.mark.parametrize("curve", [[1.0], [3.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0], [2.0, float("nan"), 1.0, 3.0, 3.0]])
def test_the_curves_that_are_easy_to_get_wrong(curve):
    assert chunked(curve, 2, 2) == continuous(curve, 2)


def test_every_chunk_draws_by_a_seed_of_its_own(monkeypatch):
    seeds, train = [], xgboost.train
    monkeypatch.setattr(
        xgboost, "train", lambda given, *more, **named: (seeds.append(given["seed"]), train(given, *more, **named))[1]
    )
    fit = Fit("fit", {"device": "cpu", "seed": 13}, rounds=7, chunk_rounds=3)
    assert grow(fit, Matrices(DATA)).rounds == 7
    assert seeds == [13, 14, 15]


def test_a_fit_with_patience_is_complete_when_it_stopped_or_has_all_its_rounds():
    fit = Fit("early_stopping", {"device": "cpu", "seed": 0}, rounds=4, chunk_rounds=2, patience=2)
    assert not Grown(2, b"", [2.0, 1.0]).completes(fit)
    assert Grown(3, b"", [1.0, 2.0, 2.0]).completes(fit)
    assert Grown(4, b"", [4.0, 3.0, 2.0, 1.0]).completes(fit)


def test_a_booster_on_the_cpu_is_refused_where_a_gpu_was_asked_for():
    booster = xgboost.train({"max_depth": 1, "device": "cpu"}, DATA, num_boost_round=1)
    assert device_of(booster) == "cpu"
    require_device(booster, "cpu")
    with pytest.raises(GpuMissing, match=r'is "cuda", but XGBoost trained on cpu; nothing of it is kept\.'):
        require_device(booster, "cuda")
