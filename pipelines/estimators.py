"""Fitting: XGBoost's native Booster."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipelines.encoding import Encoding
from pipelines.spec_words import Task
from pipelines.training_spec import Training

OBJECTIVES: dict[Task, tuple[str, str]] = {
    "classification": ("binary:logistic", "logloss"),
    "regression": ("reg:absoluteerror", "mae"),
}
# The same trees come from one thread or two; two is what the smallest supported machine has.
THREADS = 2


@dataclass(frozen=True)
class Model:
    """A Booster and the encoding of its rows."""

    booster: Any
    encoding: Encoding

    def score(self, features: pd.DataFrame) -> np.ndarray:
        """Of rows with the encoding's columns: probability of the positive class, or the value; (n,) float32."""
        return score(self.booster, self.encoding, self.encoding.matrix(features))


@dataclass(frozen=True)
class EarlyStopping:
    """rounds: where the holdout was best; curve: its metric after each round."""

    rounds: int
    metric: str
    curve: list[float]


def stop_early(
    task: Task,
    training: Training,
    encoding: Encoding,
    fit: tuple[np.ndarray, np.ndarray],
    holdout: tuple[np.ndarray, np.ndarray],
    report: Callable[[str], None],
) -> EarlyStopping:
    """Fit until the holdout, which is later in time, stops improving.

    fit, holdout: matrix (n, columns) of `Encoding.matrix` and label (n,).
    """
    import xgboost

    history: dict[str, dict[str, list[float]]] = {}
    data = _matrix(training, encoding, *fit)
    metric = OBJECTIVES[task][1]
    booster = xgboost.train(
        _parameters(task, training),
        data,
        num_boost_round=training.max_rounds,
        evals=[(_matrix(training, encoding, *holdout, reference=data), "holdout")],
        early_stopping_rounds=training.early_stopping_rounds,
        evals_result=history,
        callbacks=[_progress(training.max_rounds, metric, report)],
        verbose_eval=False,
    )
    return EarlyStopping(booster.best_iteration + 1, metric, history["holdout"][metric])


def fit_rounds(
    task: Task, training: Training, encoding: Encoding, rows: tuple[np.ndarray, np.ndarray], rounds: int
) -> Any:
    """A Booster of exactly that many rounds on all the rows."""
    import xgboost

    return xgboost.train(_parameters(task, training), _matrix(training, encoding, *rows), num_boost_round=rounds)


def score(booster: Any, encoding: Encoding, matrix: np.ndarray) -> np.ndarray:
    """Probability of the positive class, or the predicted value; shape (n,), float32."""
    import xgboost

    data = xgboost.DMatrix(matrix, feature_names=encoding.columns, feature_types=encoding.feature_types)
    return np.asarray(booster.predict(data))


def importances(booster: Any) -> dict[str, float]:
    """Share of the total gain, by feature, largest first."""
    gains = booster.get_score(importance_type="total_gain")
    total = sum(gains.values()) or 1.0
    return {name: gain / total for name, gain in sorted(gains.items(), key=lambda item: -item[1])}


def _parameters(task: Task, training: Training) -> dict[str, Any]:
    objective, metric = OBJECTIVES[task]
    return {
        **training.parameters.model_dump(),
        "objective": objective,
        "eval_metric": metric,
        "tree_method": "hist",
        "seed": training.seed,
        "nthread": THREADS,
    }


def _matrix(
    training: Training, encoding: Encoding, matrix: np.ndarray, label: np.ndarray, reference: Any = None
) -> Any:
    import xgboost

    return xgboost.QuantileDMatrix(
        matrix,
        label=label,
        feature_names=encoding.columns,
        feature_types=encoding.feature_types,
        enable_categorical=True,
        ref=reference,
        max_bin=training.parameters.max_bin,
    )


def _progress(rounds: int, metric: str, report: Callable[[str], None]) -> Any:
    import xgboost

    class Progress(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if (epoch + 1) % 50 == 0:
                report(
                    f"round {epoch + 1} of at most {rounds}: holdout {metric} {evals_log['holdout'][metric][-1]:.4f}"
                )
            return False

    return Progress()
