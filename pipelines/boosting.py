"""Boosting in chunks of rounds, so that a fit that was interrupted goes on to the same bytes.

XGBoost draws rows and columns from a generator whose state no model file holds: a fit that goes on from a
file would draw others. So every chunk starts from a model's bytes with a seed of its own, and whether those bytes
come from memory or from a checkpoint makes no difference.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipelines.array import Device, GpuMissing

REPORTED_EVERY_ROUNDS = 50


@dataclass(frozen=True)
class Fit:
    """One fit. rounds: exactly; with patience, at most. patience: rounds without a better holdout after which it
    ends. parameters: XGBoost's, with the seed of the first chunk. report: is told the holdout's metric at times."""

    name: str
    parameters: dict[str, Any]
    rounds: int
    chunk_rounds: int
    patience: int | None = None
    report: Callable[[str], None] | None = None

    @property
    def length(self) -> str:
        return f"{self.rounds}" if self.patience is None else f"at most {self.rounds}"

    def recipe(self) -> dict[str, Any]:
        """What decides the trees, but for the rows and our own code."""
        import xgboost

        # Builds of one version grow other trees: xgboost-cpu found 176 rounds where xgboost found 123.
        build = {name: value for name, value in xgboost.build_info().items() if name != "libxgboost"}  # its path
        shape = {"rounds": self.rounds, "chunk_rounds": self.chunk_rounds, "patience": self.patience}
        return {"parameters": {**self.parameters, **shape}, "xgboost": {"version": xgboost.__version__, **build}}


@dataclass(frozen=True)
class Grown:
    """A Booster between two chunks. model: its UBJSON, empty before the first round. curve: the holdout's metric
    after each round, empty without a holdout."""

    rounds: int = 0
    model: bytes = field(default=b"", repr=False)
    curve: list[float] = field(default_factory=list)

    def completes(self, fit: Fit) -> bool:
        stopped = fit.patience is not None and stopped_at(self.curve, fit.patience) is not None
        return stopped or self.rounds >= fit.rounds


@dataclass(frozen=True)
class Matrices:
    """Quantized rows to fit and, for early stopping, those of the holdout."""

    data: Any
    holdout: Any = None


def grow(fit: Fit, matrices: Matrices) -> Grown:
    """The whole fit, kept in memory alone."""
    grown = Grown()
    while not grown.completes(fit):
        grown = next_chunk(fit, grown, matrices)
    return grown


def next_chunk(fit: Fit, grown: Grown, matrices: Matrices) -> Grown:
    """One chunk more of a fit that is not complete.

    Raises GpuMissing when XGBoost did not train on the device that was asked for.
    """
    import xgboost

    curve = list(grown.curve)
    booster = xgboost.train(
        {**fit.parameters, "seed": fit.parameters["seed"] + grown.rounds // fit.chunk_rounds},
        matrices.data,
        num_boost_round=min(fit.chunk_rounds, fit.rounds - grown.rounds),
        evals=[] if matrices.holdout is None else [(matrices.holdout, "holdout")],
        callbacks=[] if matrices.holdout is None else [_follow_holdout(fit, curve)],
        verbose_eval=False,
        xgb_model=bytearray(grown.model) or None,
    )
    require_device(booster, fit.parameters["device"])
    return Grown(booster.num_boosted_rounds(), bytes(booster.save_raw("ubj")), curve)


def best_round(curve: list[float]) -> int:
    """The first round, counted from 1, of the lowest metric; later ones that are NaN are not lower."""
    best = 0
    for position, value in enumerate(curve):
        if value < curve[best]:
            best = position
    return best + 1


def stopped_at(curve: list[float], patience: int) -> int | None:
    """The round, counted from 1, after which XGBoost's own early stopping ends a fit; None while it goes on.

    curve: a metric to be lowered, after each round.
    """
    best = 0
    for position, value in enumerate(curve):
        if value < curve[best]:
            best = position
        if position - best >= patience:
            return position + 1
    return None


def device_of(booster: Any) -> Device:
    """Where the Booster trains and scores, by its own word."""
    told = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    return "cuda" if told.startswith("cuda") else "cpu"


def require_device(booster: Any, wanted: Device) -> None:
    """Raises GpuMissing when the Booster is on another device: XGBoost only warns when it takes the CPU instead."""
    found = device_of(booster)
    if found != wanted:
        raise GpuMissing(
            f'training.device is "{wanted}", but XGBoost trained on {found}; nothing of it is kept. See whether this '
            "XGBoost knows CUDA: python -c 'import xgboost; print(xgboost.build_info()[\"USE_CUDA\"])'"
        )


def _follow_holdout(fit: Fit, curve: list[float]) -> Any:
    """Adds the holdout's metric to the curve after each round, and ends the chunk where the fit ends."""
    import xgboost

    class Follow(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            ((metric, values),) = evals_log["holdout"].items()
            curve.append(values[-1])
            if fit.report is not None and len(curve) % REPORTED_EVERY_ROUNDS == 0:
                fit.report(f"round {len(curve)} of {fit.length}: holdout {metric} {curve[-1]:.4f}")
            return fit.patience is not None and stopped_at(curve, fit.patience) is not None

    return Follow()
