"""How far apart the groups of a column are in a rate of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipelines.gates.slicing import Slice
from pipelines.metrics import Measured, measure_mean

Rate = Literal["selection_rate", "true_positive_rate", "false_positive_rate", "mean_absolute_error"]


@dataclass(frozen=True)
class Parity:
    """The rate in which the groups are furthest apart, and the two that are.

    gap: with its day-clustered interval, these two groups taken as given. groups: by name, each rate.
    """

    rate: Rate
    gap: Measured
    highest: str
    lowest: str
    groups: dict[str, dict[str, float]]


def parity(
    groups: Sequence[Slice], label: np.ndarray, predicted: np.ndarray, day: np.ndarray, rates: Sequence[Rate]
) -> Parity:
    """The largest difference between two groups, of any of the rates: fairlearn's, as of its MetricFrame.

    groups: two or more, of disjoint rows, each with rows of every class that a rate is of; label,
    predicted (0 and 1, or a value for the error), day: (n,).
    """
    from fairlearn import metrics
    from sklearn.metrics import mean_absolute_error

    functions = {name: getattr(metrics, name, mean_absolute_error) for name in rates}
    known = np.concatenate([group.rows for group in groups])
    names = np.repeat([group.name for group in groups], [len(group.rows) for group in groups])
    frame = metrics.MetricFrame(
        metrics=functions, y_true=label[known], y_pred=predicted[known], sensitive_features=names
    )
    rate = max(rates, key=lambda one: frame.difference()[one])
    highest, lowest = str(frame.by_group[rate].idxmax()), str(frame.by_group[rate].idxmin())
    found = {group.name: group for group in groups}
    return Parity(
        rate=rate,
        gap=_gap(rate, found[highest].rows, found[lowest].rows, label, predicted, day),
        highest=highest,
        lowest=lowest,
        groups={str(name): {key: float(value) for key, value in of.items()} for name, of in frame.by_group.iterrows()},
    )


def has_rate(rate: Rate, label: np.ndarray) -> bool:
    """Whether a group with these labels, (k,), has such a rate."""
    return bool(_counted(rate, label).any())


def _counted(rate: Rate, label: np.ndarray) -> np.ndarray:
    """Which rows, (n,), a rate is a mean over."""
    of_class = {"true_positive_rate": 1, "false_positive_rate": 0}.get(rate)
    return np.ones(len(label), bool) if of_class is None else np.asarray(label == of_class)


def _gap(
    rate: Rate, high: np.ndarray, low: np.ndarray, label: np.ndarray, predicted: np.ndarray, day: np.ndarray
) -> Measured:
    """The difference of two groups' means as one mean of what each row adds to it, clustered by day."""
    values = np.abs(label - predicted) if rate == "mean_absolute_error" else predicted
    counted, size = _counted(rate, label), len(label)
    added, gap = np.zeros(size), 0.0
    for sign, rows in ((1, high[counted[high]]), (-1, low[counted[low]])):
        mean = float(values[rows].mean())
        gap += sign * mean
        added[rows] += sign * size * (values[rows] - mean) / len(rows)
    return measure_mean(gap + added, day)
