"""Two models' scores of the same rows: how much better one is, how sure that is, and what it decides.

Rows of one day are not independent, so days are the unit throughout: paired, clustered by day, with a
t quantile on days - 1. Labels and scores are arrays of one namespace, NumPy's or CuPy's; which days are drawn is
decided on the host, so that both compute with the same resamples.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.special import stdtrit

from pipelines.array import Array, argsort, beside, interpolate, namespace_of, segment_counts, segment_sums, to_numpy
from pipelines.gates.gate import Verdict
from pipelines.metrics import (
    CALIBRATION_BINS,
    auc_influence,
    day_codes,
    last_of_equals,
    placements,
    row_losses,
    value_of,
)
from pipelines.spec_words import HIGHER_IS_BETTER, METRICS_OF, Metric

# The standard error of 500 replicates is itself known to 1 / sqrt(2 * 500), some 3 %.
REPLICATES = 500
SEED = 2013


class Incomparable(Exception):
    """These rows cannot compare two models; the message says why."""


@dataclass(frozen=True)
class Comparison:
    """gain: by how much the first model is better, whichever direction is better, in the metric's unit.

    error: standard error of the gain, clustered by day; None for a single day. Equal scores give 0 and 0.
    """

    gain: float
    error: float | None
    days: int
    rows: int

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Lower and upper one-sided bound of the gain, each wrong with probability alpha; needs an error."""
        half = self._quantile(1 - alpha) * self._error
        return self.gain - half, self.gain + half

    def smallest_detectable(self, alpha: float, power: float) -> float:
        """The narrowest margin that an equal model keeps with that probability, when the bound is wrong with alpha.

        (t(1 - alpha) + t(power)) * error, the planning formula of non-inferiority trials (Julious 2004).
        """
        return (self._quantile(1 - alpha) + self._quantile(power)) * self._error

    @property
    def _error(self) -> float:
        if self.error is None:
            raise Incomparable("a single day has no interval")
        return self.error

    def _quantile(self, probability: float) -> float:
        return float(stdtrit(self.days - 1, probability))


def compare(metric: Metric, label: Array, candidate: Array, other: Array, day: np.ndarray) -> Comparison:
    """The gain of one model over another on the same rows, all of shape (n,); day names the cluster.

    AUC: closed form (DeLong et al. 1988, clustered as in Obuchowski 1997). Any other metric: days are
    resampled in pairs (Field & Welsh 2007) with a fixed seed. Raises Incomparable without rows, or with
    one class only where there must be two.
    """
    xp, rows = namespace_of(label, candidate, other), label.shape[0]
    if rows == 0:
        raise Incomparable("there is no row that both have scored")
    if metric in METRICS_OF["classification"] and xp.min(label) == xp.max(label):
        raise Incomparable(f"all {rows:,} labels are {'positive' if label[0] else 'negative'}")
    codes, days = day_codes(day, label)
    better = 1 if metric in HIGHER_IS_BETTER else -1
    if metric == "auc":
        gain, error = _auc_gain(label, candidate, other, codes, days)
    else:
        values = [value_of(metric, label, score) for score in (candidate, other)]
        gain, error = better * (values[0] - values[1]), _resampled_error(metric, label, candidate, other, codes, days)
    return Comparison(gain, error if days > 1 else None, days, rows)


def spent(alpha: float, attempt: int) -> float:
    """What the attempt-th candidate held against the same champion may be wrong with: alpha / (m * (m + 1)).

    Alpha spending (Foster & Stine 2008; Tian & Ramdas 2021): the shares of all attempts add up to alpha,
    so however long one tries, a model at its margin takes force with at most that probability, also when
    the attempts share days. Of the series with that sum, this one was chosen on the flights of 2013: an
    equal model passes its first attempt as often as under 1 / m^2 to one part in a hundred, and each later
    one more often, while the smaller first share pays for tails that are heavier than Student's. Steeper
    series (1 / m^3, halving) leave a twelfth attempt next to nothing, flat ones take from the first.
    attempt: from 1.
    """
    return alpha / (attempt * (attempt + 1))


def not_worse(compared: Comparison, margin: float, alpha: float, power: float) -> Verdict:
    """Whether the gain is above -margin. An interval wholly on one side decides at any sample size.

    Between, a sample that would show an equal model to be equal too rarely decides nothing.
    """
    low, high = compared.bounds(alpha)
    if low > 0 or high < -margin:
        return "pass" if low > 0 else "fail"
    if compared.smallest_detectable(alpha, power) > margin:
        return "cannot_tell"
    return "pass" if low > -margin else "fail"


def better(compared: Comparison, by: float, alpha: float) -> Verdict:
    """Whether the gain is above `by`; cannot_tell when the interval holds it inside."""
    low, high = compared.bounds(alpha)
    if low > by:
        return "pass"
    return "fail" if high <= by else "cannot_tell"


def _auc_gain(label: Array, candidate: Array, other: Array, codes: Array, days: int) -> tuple[float, float]:
    first, above_1, below_1 = placements(label, candidate)
    second, above_2, below_2 = placements(label, other)
    gain = first - second
    influence = to_numpy(auc_influence(label, above_1 - above_2 - gain, below_1 - below_2 - gain, codes, days))
    return gain, sqrt(days / max(days - 1, 1) * float((influence**2).sum()))


def _resampled_error(metric: Metric, label: Array, candidate: Array, other: Array, codes: Array, days: int) -> float:
    """Standard error of the difference over resampled days; replicates in which it is not defined are left out.

    days / (days - 1), because the variance of days drawn with replacement is too small by as much.
    """
    if days < 2:
        return 0.0
    times = resamples(days)
    first, second = (to_numpy(resampled(metric, label, score, codes, times)) for score in (candidate, other))
    drawn = first - second
    return sqrt(days / (days - 1) * float(np.var(drawn[~np.isnan(drawn)], ddof=1)))


def resamples(days: int, replicates: int = REPLICATES) -> np.ndarray:
    """How often each day is in each resample, shape (replicates, days), on the host; always the same ones."""
    return np.random.default_rng(SEED).multinomial(days, np.full(days, 1 / days), replicates)


def resampled(metric: Metric, label: Array, score: Array, codes: Array, times: np.ndarray) -> Array:
    """The metric of each resample, shape (replicates,); times: of `resamples`; codes: beside the scores."""
    xp, weights = namespace_of(label, score, codes), beside(times.astype("float64"), score)
    if metric == "pr_auc":
        return _average_precisions(label, score, codes, weights)
    if metric == "ece":
        return _calibration_errors(label, score, codes, weights)
    losses = (label - score) ** 2 if metric == "rmse" else row_losses(metric, label, score)
    days = times.shape[1]
    rows = xp.astype(segment_counts(codes, days), xp.float64)
    means = (weights @ segment_sums(losses, codes, days)) / (weights @ rows)
    return xp.sqrt(means) if metric == "rmse" else means


def _average_precisions(label: Array, score: Array, codes: Array, weights: Array) -> Array:
    """Average precision with each row as often as its day; NaN without a positive row."""
    xp = namespace_of(label, score, codes, weights)
    order = argsort(-score)
    positives, day = xp.nonzero(xp.take(label, order) == 1)[0], xp.take(codes, order)
    ends = last_of_equals(xp.take(score, order))
    # For each positive row, the last row of its score, and which of the positive rows is the last by then.
    ends = xp.take(ends, xp.searchsorted(ends, positives))
    last = xp.searchsorted(positives, ends, side="right") - 1
    found = xp.empty(weights.shape[0], dtype=xp.float64)
    for position in range(weights.shape[0]):
        weight = xp.take(weights[position, :], day)
        own = xp.take(weight, positives)
        precision = xp.take(xp.cumulative_sum(own), last) / xp.clip(xp.take(xp.cumulative_sum(weight), ends), 1, None)
        hits = xp.sum(own)
        found[position] = xp.where(hits > 0, xp.sum(own * precision) / xp.clip(hits, 1, None), xp.nan)
    return found


def _calibration_errors(label: Array, score: Array, codes: Array, weights: Array) -> Array:
    """Expected calibration error with each row as often as its day; bins are filled anew in each resample.

    A row that stands on an edge is divided between its bins, as its copies would be.
    """
    xp = namespace_of(label, score, codes, weights)
    order, bins = argsort(score), xp.arange(CALIBRATION_BINS + 1, dtype=xp.float64)
    gap, day = xp.take(label - score, order), xp.take(codes, order)
    found = xp.empty(weights.shape[0], dtype=xp.float64)
    for position in range(weights.shape[0]):
        weight = xp.take(weights[position, :], day)
        rows = xp.cumulative_sum(weight, include_initial=True)
        gaps = xp.cumulative_sum(weight * gap, include_initial=True)
        edges = bins * (rows[-1] // CALIBRATION_BINS) + xp.minimum(bins, rows[-1] % CALIBRATION_BINS)
        at_edges = interpolate(edges, rows, gaps)
        found[position] = xp.sum(xp.abs(at_edges[1:] - at_edges[:-1])) / rows[-1]
    return found
