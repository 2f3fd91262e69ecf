"""The metric that labels would give which come as often as the scores say: what scores promise of themselves.

Model-based concordance (van Klaveren et al. 2016) for the AUC; for the Brier score Spiegelhalter 1986.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from pipelines.drift.predictions import is_probability
from pipelines.drift.windows import Scored
from pipelines.metrics import value_of
from pipelines.spec_words import HIGHER_IS_BETTER, Metric

SURE = 1e-7


def expected_auc(score: np.ndarray) -> float:
    """The AUC of labels that come as the probabilities say; (n,)."""
    positive = np.sort(score.astype("float64"))
    negative = 1 - positive
    pairs = positive.sum() * negative.sum() - (positive * negative).sum()
    return float((positive * (np.cumsum(negative) - negative)).sum() / pairs)


def expected_losses(metric: Metric, score: np.ndarray) -> np.ndarray:
    """Of a metric that is the mean of its rows' losses, what each row's loss is on average, (n,)."""
    if metric == "brier":
        return np.asarray(score * (1 - score))
    sure = np.clip(score, SURE, 1 - SURE)
    return np.asarray(-(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)))


EXPECTED: Mapping[Metric, Callable[[np.ndarray], float]] = {
    "auc": expected_auc,
    "brier": lambda score: float(expected_losses("brier", score).mean()),
    "log_loss": lambda score: float(expected_losses("log_loss", score).mean()),
}


def has_shortfall(metric: Metric, score: np.ndarray) -> bool:
    return metric in EXPECTED and is_probability(score)


@dataclass(frozen=True)
class Shortfall:
    """Of a metric, as its scores let expect it and as its labels show it; value: more is worse, whichever way the
    metric points."""

    expected: float
    observed: float
    value: float


def shortfall_of(metric: Metric, scored: Scored) -> Shortfall:
    expected, observed = EXPECTED[metric](scored.score), value_of(metric, scored.label, scored.score)
    return Shortfall(expected, observed, expected - observed if metric in HIGHER_IS_BETTER else observed - expected)
