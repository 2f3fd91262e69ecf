"""Metrics with intervals that respect that rows of one day are not independent.

Every interval is 95 %, from a standard error clustered by day, with a t quantile on days - 1.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipelines.spec_words import METRICS_OF, Metric, Task

CONFIDENCE = 0.95
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Measured:
    """low and high are None where the metric has no closed-form clustered interval."""

    value: float
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return f"{self.value:.4f}" + ("" if self.low is None else f" [{self.low:.4f}, {self.high:.4f}]")


def placements(label: np.ndarray, score: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """AUC, and each row's placement among the other class (DeLong et al. 1988; Sun & Xu 2014).

    label: (n,) of 0 and 1, both present. Returns the AUC, (positives,), (negatives,).
    """
    positive, negative = score[label == 1], score[label == 0]
    ranks = _ranks(np.r_[positive, negative])
    above = (ranks[: len(positive)] - _ranks(positive)) / len(negative)
    below = 1 - (ranks[len(positive) :] - _ranks(negative)) / len(positive)
    return float(above.mean()), above, below


def measure(metric: Metric, label: np.ndarray, score: np.ndarray, day: np.ndarray) -> Measured:
    """One metric of scores against labels, all of shape (n,); day names the cluster of each row."""
    if metric == "auc":
        value, above, below = placements(label, score)
        return _interval(value, auc_influence(label, above - value, below - value, *day_codes(day)))
    losses = row_losses(metric, label, score)
    if losses is not None:
        value = float(losses.mean())
        return _interval(value, _sums_by_day(losses - value, day) / len(losses))
    if metric == "rmse":
        squared = measure_mean((label - score) ** 2, day)
        low, high = (None if end is None else float(np.sqrt(max(end, 0))) for end in (squared.low, squared.high))
        return Measured(float(np.sqrt(squared.value)), low, high)
    if metric == "ece":
        return Measured(expected_calibration_error(label, score), None, None)
    from sklearn.metrics import average_precision_score

    return Measured(float(average_precision_score(label, score)), None, None)


def measure_all(task: Task, label: np.ndarray, score: np.ndarray, day: np.ndarray) -> dict[str, Measured]:
    return {metric: measure(metric, label, score, day) for metric in METRICS_OF[task]}


def measure_mean(values: np.ndarray, day: np.ndarray) -> Measured:
    """A mean with its day-clustered interval; values: (n,)."""
    mean = float(values.mean())
    return _interval(mean, _sums_by_day(values - mean, day) / len(values))


def expected_calibration_error(label: np.ndarray, score: np.ndarray) -> float:
    """Mean |observed - predicted| over ten equally filled bins of the score (Naeini et al. 2015)."""
    return float(sum(abs(observed - predicted) * share for predicted, observed, share in calibration(label, score)))


def calibration(label: np.ndarray, score: np.ndarray) -> list[tuple[float, float, float]]:
    """(mean predicted, observed rate, share of rows) for ten equally filled bins of the score."""
    return [
        (float(score[rows].mean()), float(label[rows].mean()), len(rows) / len(score))
        for rows in calibration_bins(score)
    ]


def calibration_bins(score: np.ndarray) -> list[np.ndarray]:
    """The rows of each of ten equally filled bins of the score, lowest first; none is empty."""
    bins = np.array_split(np.argsort(score, kind="stable"), CALIBRATION_BINS)
    return [rows for rows in bins if len(rows)]


def day_codes(day: np.ndarray) -> tuple[np.ndarray, int]:
    """Days as 0, 1, … in the order in which they come, shape (n,), and how many there are."""
    codes, days = pd.factorize(day)
    return codes, len(days)


def auc_influence(label: np.ndarray, above: np.ndarray, below: np.ndarray, codes: np.ndarray, days: int) -> np.ndarray:
    """What each day adds to the deviation of an AUC, or of a difference of two, shape (days,).

    above, below: the deviations of the positives' and the negatives' placements; codes: of `day_codes`.
    """
    positives = np.bincount(codes[label == 1], above, days) / len(above)
    return np.asarray(positives + np.bincount(codes[label == 0], below, days) / len(below))


def row_losses(metric: Metric, label: np.ndarray, score: np.ndarray) -> np.ndarray | None:
    """Each row's loss, shape (n,), of a metric that is the mean of such; None for any other."""
    if metric == "brier":
        return np.asarray((label - score) ** 2)
    if metric == "mae":
        return np.asarray(np.abs(label - score))
    if metric.startswith("pinball_"):
        quantile = int(metric.removeprefix("pinball_")) / 100
        return np.asarray(np.where(label >= score, quantile, quantile - 1) * (label - score))
    if metric == "log_loss":
        certain = np.clip(score, 1e-7, 1 - 1e-7)
        return np.asarray(-(label * np.log(certain) + (1 - label) * np.log(1 - certain)))
    return None


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties averaged; by hand, because importing scipy.stats costs a second of CPU in every step."""
    order = np.argsort(values)
    ends = np.flatnonzero(np.r_[np.diff(values[order]) != 0, True])
    ties = np.diff(ends, prepend=-1)
    ranks = np.empty(len(values))
    ranks[order] = np.repeat(ends + 1 - (ties - 1) / 2, ties)
    return ranks


def _sums_by_day(values: np.ndarray, day: np.ndarray) -> np.ndarray:
    return np.bincount(day_codes(day)[0], values)


def _interval(value: float, influence: np.ndarray) -> Measured:
    clusters = len(influence)
    if clusters < 2:
        return Measured(value, None, None)
    error = np.sqrt(clusters / (clusters - 1) * (influence**2).sum())
    half = float(stdtrit(clusters - 1, 0.5 + CONFIDENCE / 2) * error)
    return Measured(value, value - half, value + half)
