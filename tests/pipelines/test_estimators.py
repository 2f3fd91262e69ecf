import numpy as np
import pytest

from pipelines.baselines import fit_baseline
from pipelines.encoding import Encoding
from pipelines.estimators import fit_rounds, importances, score, stop_early
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
