"""Fitting: XGBoost's native Booster."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipelines.array import get_xp
from pipelines.boosting import Fit, Grown, Matrices, best_round, device_of, grow, stopped_at
from pipelines.encoding import Encoding
from pipelines.matrices import batches, digest_of, quantize
from pipelines.spec_words import Task
from pipelines.training_spec import Training

if TYPE_CHECKING:  # the store and its tables are not loaded where a model is only served
    from pipelines.checkpoints import Checkpoints

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
    checkpoints: "Checkpoints | None" = None,
) -> EarlyStopping:
    """Fit until the holdout, which is later in time, stops improving.

    fit, holdout: matrix (n, columns) of `Encoding.matrix` and label (n,). Raises GpuMissing; Preempted, with
    checkpoints.
    """

    patience = training.early_stopping_rounds
    plan = Fit(
        "early_stopping", _parameters(task, training), training.max_rounds, training.chunk_rounds, patience, report
    )
    curve = _grown(plan, encoding, fit, holdout, checkpoints).curve
    curve = curve[: stopped_at(curve, patience)]
    return EarlyStopping(best_round(curve), OBJECTIVES[task][1], curve)


def fit_rounds(
    task: Task,
    training: Training,
    encoding: Encoding,
    rows: tuple[np.ndarray, np.ndarray],
    rounds: int,
    name: str = "fit",
    checkpoints: "Checkpoints | None" = None,
) -> Any:
    """A Booster of exactly that many rounds on all the rows, on the device that it was fitted on.

    name: of its checkpoints. Raises GpuMissing; Preempted, with checkpoints.
    """
    import xgboost

    plan = Fit(name, _parameters(task, training), rounds, training.chunk_rounds)
    model = _grown(plan, encoding, rows, None, checkpoints).model
    return xgboost.Booster({"device": training.device, "nthread": THREADS}, model_file=bytearray(model))


def _grown(
    fit: Fit,
    encoding: Encoding,
    rows: tuple[np.ndarray, np.ndarray],
    holdout: tuple[np.ndarray, np.ndarray] | None,
    checkpoints: "Checkpoints | None",
) -> Grown:
    max_bin, device = fit.parameters["max_bin"], fit.parameters["device"]
    # Before anything is read or fitted: a GPU that is missing is told at once.
    get_xp(device)

    def matrices() -> Matrices:
        data = quantize(encoding, rows, max_bin, device)
        return Matrices(data, None if holdout is None else quantize(encoding, holdout, max_bin, device, data))

    if checkpoints is None:
        return grow(fit, matrices())
    return checkpoints.follow(fit, digest_of(encoding, *rows, *(holdout or ())), matrices)


def score(booster: Any, encoding: Encoding, matrix: np.ndarray) -> np.ndarray:
    """Probability of the positive class, or the predicted value; shape (n,), float32.

    On the Booster's own device, to which the rows go in batches.
    """
    import xgboost

    xp = get_xp(device_of(booster))
    named = {"feature_names": encoding.columns, "feature_types": encoding.feature_types}
    parts = (xgboost.DMatrix(xp.asarray(matrix[part]), **named) for part in batches(matrix))
    return np.concatenate([booster.predict(part) for part in parts])


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
        "device": training.device,
    }
