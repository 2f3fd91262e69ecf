"""Metrics with intervals that respect that rows of one day are not independent.

Every interval is 95 %, from a standard error clustered by day, with a t quantile on days - 1. Labels and
scores are arrays of one namespace, NumPy's or CuPy's, and what is as long as they are is computed there; days
may be of any type, and stay on the host.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipelines.array import Array, argsort, beside, namespace_of, segment_sums, to_numpy, unsorted
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


def placements(label: Array, score: Array) -> tuple[float, Array, Array]:
    """AUC, and each row's placement among the other class (DeLong et al. 1988; Sun & Xu 2014).

    label: (n,) of 0 and 1, both present. Returns the AUC, (positives,), (negatives,).
    """
    xp = namespace_of(label, score)
    positive, negative = score[label == 1], score[label == 0]
    ranks, first_negative = _ranks(xp.concat([positive, negative])), positive.shape[0]
    above = (ranks[:first_negative] - _ranks(positive)) / negative.shape[0]
    below = 1 - (ranks[first_negative:] - _ranks(negative)) / positive.shape[0]
    return float(xp.mean(above)), above, below


def measure(metric: Metric, label: Array, score: Array, day: np.ndarray) -> Measured:
    """One metric of scores against labels, all of shape (n,); day names the cluster of each row."""
    return _measure(metric, label, score, *day_codes(day, label))


def measure_all(task: Task, label: Array, score: Array, day: np.ndarray) -> dict[str, Measured]:
    codes, days = day_codes(day, label)
    return {metric: _measure(metric, label, score, codes, days) for metric in METRICS_OF[task]}


def value_of(metric: Metric, label: Array, score: Array) -> float:
    """One metric without its interval, the value of `measure`."""
    if metric == "auc":
        return placements(label, score)[0]
    if metric == "ece":
        return expected_calibration_error(label, score)
    if metric == "pr_auc":
        return average_precision(label, score)
    losses = (label - score) ** 2 if metric == "rmse" else row_losses(metric, label, score)
    mean = float(namespace_of(losses).mean(losses))
    return float(np.sqrt(mean)) if metric == "rmse" else mean


def measure_mean(values: Array, day: np.ndarray) -> Measured:
    """A mean with its day-clustered interval; values: (n,)."""
    return _measure_mean(values, *day_codes(day, values))


def average_precision(label: Array, score: Array) -> float:
    """The mean precision over the positives, each at its score (Zhu 2004); label: (n,) of 0 and 1.

    Adds in the order of scikit-learn's average_precision_score, to the same bits; NaN without a positive.
    """
    xp = namespace_of(label, score)
    order = argsort(-score)
    ends = last_of_equals(xp.take(score, order))
    hits = xp.take(xp.cumulative_sum(xp.astype(xp.take(label, order), xp.float64)), ends)
    if hits[-1] == 0:
        return float("nan")
    recall = xp.concat([hits[:1] * 0, hits / hits[-1]])
    gains = (recall[1:] - recall[:-1]) * (hits / xp.astype(ends + 1, xp.float64))
    return float(xp.sum(xp.concat([xp.flip(gains)])))


def expected_calibration_error(label: Array, score: Array) -> float:
    """Mean |observed - predicted| over ten equally filled bins of the score (Naeini et al. 2015)."""
    return float(sum(abs(observed - predicted) * share for predicted, observed, share in calibration(label, score)))


def calibration(label: Array, score: Array) -> list[tuple[float, float, float]]:
    """(mean predicted, observed rate, share of rows) for ten equally filled bins of the score."""
    xp = namespace_of(label, score)
    return [
        (
            float(xp.mean(xp.take(score, rows))),
            float(xp.mean(xp.take(label, rows))),
            rows.shape[0] / score.shape[0],
        )
        for rows in calibration_bins(score)
    ]


def calibration_bins(score: Array) -> list[Array]:
    """The rows of each of ten equally filled bins of the score, lowest first; none is empty."""
    order, (smaller, larger) = argsort(score), divmod(score.shape[0], CALIBRATION_BINS)
    ends = [position * smaller + min(position, larger) for position in range(CALIBRATION_BINS + 1)]
    return [order[start:end] for start, end in pairwise(ends) if start < end]


def day_codes(day: np.ndarray, like: Array | None = None) -> tuple[Array, int]:
    """Days as 0, 1, … in the order in which they come, shape (n,), and how many there are.

    like: beside which array the codes are put; left out, they stay on the host.
    """
    codes, days = pd.factorize(day)
    return codes if like is None else beside(codes, like), len(days)


def auc_influence(label: Array, above: Array, below: Array, codes: Array, days: int) -> Array:
    """What each day adds to the deviation of an AUC, or of a difference of two, shape (days,).

    above, below: the deviations of the positives' and the negatives' placements; codes: of `day_codes`.
    """
    positives = segment_sums(above, codes[label == 1], days) / above.shape[0]
    return positives + segment_sums(below, codes[label == 0], days) / below.shape[0]


def row_losses(metric: Metric, label: Array, score: Array) -> Array | None:
    """Each row's loss, shape (n,), of a metric that is the mean of such; None for any other."""
    xp = namespace_of(label, score)
    if metric == "brier":
        return (label - score) ** 2
    if metric == "mae":
        return xp.abs(label - score)
    if metric.startswith("pinball_"):
        quantile = int(metric.removeprefix("pinball_")) / 100
        return xp.where(label >= score, xp.asarray(quantile), quantile - 1) * (label - score)
    if metric == "log_loss":
        certain = xp.clip(score, 1e-7, 1 - 1e-7)
        return -(label * xp.log(certain) + (1 - label) * xp.log(1 - certain))
    return None


def _measure(metric: Metric, label: Array, score: Array, codes: Array, days: int) -> Measured:
    if metric == "auc":
        value, above, below = placements(label, score)
        return _interval(value, auc_influence(label, above - value, below - value, codes, days))
    losses = row_losses(metric, label, score)
    if losses is not None:
        return _measure_mean(losses, codes, days)
    if metric == "rmse":
        squared = _measure_mean((label - score) ** 2, codes, days)
        low, high = (None if end is None else float(np.sqrt(max(end, 0))) for end in (squared.low, squared.high))
        return Measured(float(np.sqrt(squared.value)), low, high)
    return Measured(value_of(metric, label, score), None, None)


def _measure_mean(values: Array, codes: Array, days: int) -> Measured:
    mean = float(namespace_of(values).mean(values))
    return _interval(mean, segment_sums(values - mean, codes, days) / values.shape[0])


def last_of_equals(ordered: Array) -> Array:
    """Positions of each value's last, in a sorted (n,)."""
    xp = namespace_of(ordered)
    return xp.nonzero(xp.concat([ordered[1:] != ordered[:-1], xp.ones(1, dtype=xp.bool)]))[0]


def _ranks(values: Array) -> Array:
    """Ranks from 1, ties averaged; by hand, because importing scipy.stats costs a second of CPU in every step."""
    xp = namespace_of(values)
    order = argsort(values, stable=False)
    ordered = xp.take(values, order)
    is_first = xp.concat([xp.ones(1, dtype=xp.bool), ordered[1:] != ordered[:-1]])
    starts = xp.nonzero(is_first)[0]
    ends = xp.concat([starts[1:], xp.asarray([values.shape[0]])])
    ranks = xp.astype(starts + ends + 1, xp.float64) / 2
    return unsorted(xp.take(ranks, xp.cumulative_sum(xp.astype(is_first, xp.int64)) - 1), order)


def _interval(value: float, by_day: Array) -> Measured:
    """by_day: what each day adds to the value's deviation."""
    influence = to_numpy(by_day)
    clusters = len(influence)
    if clusters < 2:
        return Measured(value, None, None)
    error = np.sqrt(clusters / (clusters - 1) * (influence**2).sum())
    half = float(stdtrit(clusters - 1, 0.5 + CONFIDENCE / 2) * error)
    return Measured(value, value - half, value + half)
