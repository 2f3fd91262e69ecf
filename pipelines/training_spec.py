"""How a candidate is fitted, as its declaration says it."""

from typing import Literal

from pydantic import Field

from pipelines.spec_words import Baseline, Strict


class XGBoostParameters(Strict):
    """Passed to XGBoost as they are (xgboost.readthedocs.io/en/stable/parameter.html)."""

    eta: float = Field(default=0.1, gt=0, le=1)
    max_depth: int = Field(default=6, ge=1, le=16)
    min_child_weight: float = Field(default=1.0, ge=0)
    subsample: float = Field(default=1.0, gt=0, le=1)
    colsample_bytree: float = Field(default=1.0, gt=0, le=1)
    reg_lambda: float = Field(default=1.0, ge=0)
    max_bin: int = Field(default=256, ge=2)


class Training(Strict):
    """How a candidate is fitted.

    Rows are split by time: fit | early stopping | evaluation months. With the number of rounds that
    early stopping finds, the recipe is fitted twice: without the evaluation months, for the gates to
    judge, and on all rows, to be registered.
    """

    estimator: Literal["xgboost"]
    baselines: list[Baseline] = Field(default_factory=list)
    window_months: int | None = Field(default=None, ge=2, description="Train on this many months; all if left out.")
    evaluation_months: int = Field(default=1, ge=1)
    walk_forward_windows: int = Field(
        default=1, ge=1, le=24, description="Score this many evaluation windows, each by a model fitted before it."
    )
    early_stopping_days: int = Field(default=14, ge=1)
    early_stopping_rounds: int = Field(default=20, ge=1)
    max_rounds: int = Field(default=400, ge=1)
    seed: int = Field(default=0, ge=0)
    device: Literal["cpu", "cuda"] = Field(
        default="cpu", description="cuda: one NVIDIA GPU, which compute.train must have; without it training fails."
    )
    chunk_rounds: int = Field(
        default=50, ge=1, description="Rounds that share a seed; training is saved, and resumed, only between chunks."
    )
    checkpoint_s: int = Field(
        default=30, ge=0, description="Save a checkpoint at the end of a chunk when the last one is this old."
    )
    parameters: XGBoostParameters = XGBoostParameters()
