"""What predictions and quality are in windows in which nothing is wrong, from the champion's held-out rows by day.

Scores are counted in cells of equal numbers, so that every resample of days is a matrix product; metrics of their
order alone (AUC, average precision, ECE) are known to some 1e-4 then.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.bins import NumberBins
from pipelines.drift.distances import psi
from pipelines.drift.expected import expected_losses, has_shortfall
from pipelines.drift.predictions import SUBJECT, confidence, counts_by_day, is_probability
from pipelines.drift.series import Statistic
from pipelines.drift.windows import HeldOut, Scored
from pipelines.metrics import CALIBRATION_BINS, row_losses
from pipelines.spec_words import HIGHER_IS_BETTER, METRICS_OF, Metric

CELLS = 500


@dataclass(frozen=True)
class Cells:
    """Labelled rows by cell of the score, lowest first, (…, cells): how many, how many of them positive, and the sum
    of label - score."""

    rows: np.ndarray
    positives: np.ndarray
    gaps: np.ndarray

    def of_days(self, weights: np.ndarray) -> "Cells":
        """(windows, cells), from (days, cells); weights: (windows, days)."""
        return Cells(weights @ self.rows, weights @ self.positives, weights @ self.gaps)


def null_predictions(held_out: HeldOut, inside: np.ndarray, closer: float) -> dict[str, np.ndarray]:
    """Each series of the predictions, (windows,). inside: (windows, days in their order); closer: of `widening`."""
    score, days = held_out.score.astype("float64"), inside.astype("float64")
    bins = NumberBins.of(score)
    counts = counts_by_day(bins, score, held_out.day)
    window = days @ counts
    found = {"psi": closer**2 * psi(bins, counts.sum(axis=0) - window, window)}
    found["mean_shift"] = closer * np.abs(_gap_of_means(score, held_out.day, days))
    if is_probability(score):
        found["confidence_shift"] = closer * np.abs(_gap_of_means(confidence(score), held_out.day, days))
    return {f"prediction/{statistic}/{SUBJECT}": values for statistic, values in found.items()}


def null_quality(held_out: HeldOut, metrics: list[Metric], inside: np.ndarray, closer: float) -> dict[str, np.ndarray]:
    """The loss of each metric, (windows,); NaN where a window, or its rest, has one class only. As above."""
    days, found = inside.astype("float64"), {}
    label, score = held_out.label.astype("float64"), held_out.score.astype("float64")
    cells = cells_by_day(label, score, held_out.day) if set(metrics) & BY_CELL.keys() else None
    for metric in metrics:
        if metric in BY_CELL and cells is not None:
            values = [BY_CELL[metric](cells.of_days(weights)) for weights in (days, 1 - days)]
        else:
            values = [_mean_losses(metric, label, score, held_out.day, weights) for weights in (days, 1 - days)]
        loss = values[1] - values[0] if metric in HIGHER_IS_BETTER else values[0] - values[1]
        found[f"quality/loss/{metric}"] = closer * loss
    return found


def null_promises(scored: Scored, metric: Metric, inside: np.ndarray, closer: float) -> dict[str, np.ndarray]:
    """The bias, with its sign, and the shortfall where there is one, (windows,). As above."""
    subjects, days = {"bias": "label", "shortfall": metric}, inside.astype("float64")
    window, rest = (promises_of_days(scored, metric, weights) for weights in (days, 1 - days))
    return {
        f"quality/{statistic}/{subjects[statistic]}": closer * (window[statistic] - rest[statistic])
        for statistic in window
    }


def promises_of_days(scored: Scored, metric: Metric, weights: np.ndarray) -> dict[Statistic, np.ndarray]:
    """Mean label less mean score, and the shortfall of a metric that scores promise, of each choice of days,
    (windows,). weights: (windows, days in their order)."""
    label, score = scored.label.astype("float64"), scored.score.astype("float64")
    found: dict[Statistic, np.ndarray] = {"bias": _means(label - score, scored.day, weights)}
    if not has_shortfall(metric, score):
        return found
    if metric == "auc":
        cells = cells_by_day(label, score, scored.day).of_days(weights)
        promised = Cells(cells.rows, cells.positives - cells.gaps, cells.gaps)
        return {**found, "shortfall": areas(promised) - areas(cells)}
    losses = row_losses(metric, label, score)
    return {**found, "shortfall": _means(losses - expected_losses(metric, score), scored.day, weights)}


def cells_by_day(label: np.ndarray, score: np.ndarray, day: np.ndarray, cells: int = CELLS) -> Cells:
    """(days, cells) each; label, score, day: (n,)."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, cells + 1)[1:-1]))
    codes, days = pd.factorize(day, sort=True)
    at, shape = codes * (len(edges) + 1) + np.searchsorted(edges, score, side="right"), (len(days), len(edges) + 1)
    sums = [np.bincount(at, weights, shape[0] * shape[1]).reshape(shape) for weights in (None, label, label - score)]
    return Cells(*sums)


def areas(cells: Cells) -> np.ndarray:
    """AUC of each window, (…): rows of one cell are taken as equals."""
    negatives = cells.rows - cells.positives
    below = np.cumsum(negatives, axis=-1) - negatives / 2
    pairs = cells.positives.sum(axis=-1) * negatives.sum(axis=-1)
    return _ratio((cells.positives * below).sum(axis=-1), pairs)


def average_precisions(cells: Cells) -> np.ndarray:
    positives, rows = (np.cumsum(one[..., ::-1], axis=-1) for one in (cells.positives, cells.rows))
    hits = (cells.positives[..., ::-1] * positives / np.maximum(1, rows)).sum(axis=-1)
    return _ratio(hits, positives[..., -1])


def calibration_errors(cells: Cells) -> np.ndarray:
    """ECE of each window, (windows,): a cell on the edge of two of the ten bins is divided between them."""
    rows, gaps = (np.cumsum(np.pad(one, ((0, 0), (1, 0))), axis=1) for one in (cells.rows, cells.gaps))
    total = rows[:, -1:]
    edges = total * np.linspace(0, 1, CALIBRATION_BINS + 1)
    # One interpolation for all windows, each on a stretch of its own.
    start = (np.arange(len(rows)) * (float(total.max()) + 1))[:, None]
    at_edges = np.interp((edges + start).ravel(), (rows + start).ravel(), gaps.ravel()).reshape(edges.shape)
    return _ratio(np.abs(np.diff(at_edges, axis=1)).sum(axis=1), total[:, 0])


BY_CELL = {"auc": areas, "pr_auc": average_precisions, "ece": calibration_errors}


def metrics_of(declared: Metric) -> list[Metric]:
    """The declared one first, and those that are told beside it."""
    beside: tuple[Metric, ...] = ("auc", "brier", "ece")
    if declared not in METRICS_OF["classification"]:
        beside = ("mae", "rmse")
    return [declared, *(metric for metric in beside if metric != declared)]


def _mean_losses(
    metric: Metric, label: np.ndarray, score: np.ndarray, day: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Of a metric that is the mean of its rows' losses, or the root of one; label, score, day: (n,)."""
    losses = row_losses(metric, label, score)
    if losses is None:
        return np.asarray(np.sqrt(_means((label - score) ** 2, day, weights)))
    return _means(losses, day, weights)


def _gap_of_means(values: np.ndarray, day: np.ndarray, inside: np.ndarray) -> np.ndarray:
    gap: np.ndarray = _means(values, day, inside) - _means(values, day, 1 - inside)
    return gap


def _means(values: np.ndarray, day: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of the rows of each window's days, (windows,); values, day: (n,), weights: (windows, days)."""
    codes, days = pd.factorize(day, sort=True)
    return _ratio(weights @ np.bincount(codes, values, len(days)), weights @ np.bincount(codes, minlength=len(days)))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where the whole is nothing."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))
