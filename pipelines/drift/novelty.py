"""What of some days of the reference would be new to its other days: values beyond their range, categories of none.

With it the bounds of a window's novelties come from the reference alone, though it has none to itself.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipelines.array import Array, to_numpy
from pipelines.drift.bins import CategoryBins, NumberBins, categories

EXTREMES = 512
RARE_CATEGORIES = 2000


@dataclass(frozen=True)
class Extremes:
    """The outermost values of either end, outermost first: at most a tenth of all, and EXTREMES, which is as many as
    are counted. day: (2, k); beyond: (2, k), how many lie further out."""

    day: np.ndarray
    beyond: np.ndarray

    def rows(self, inside: np.ndarray) -> np.ndarray:
        """How many rows of the days inside lie beyond all others, (n,); inside: (n, days) bool."""
        found = np.zeros(len(inside))
        for day, beyond in zip(self.day, self.beyond, strict=True):
            if len(day):
                others = ~inside[:, day]
                found += np.where(others.any(axis=1), beyond[others.argmax(axis=1)], len(day))
        return found


@dataclass(frozen=True)
class RareCategories:
    """counts: (categories, days), of those rarer than 1 %, evenly chosen where they are many; weight: how many
    each stands for."""

    counts: np.ndarray
    weight: float

    def rows(self, inside: np.ndarray) -> np.ndarray:
        """How many rows of the days inside are of a category that no other day has, (n,); inside: (n, days) bool."""
        elsewhere = (~inside).astype("float32") @ (self.counts > 0).astype("float32").T
        return np.asarray((elsewhere == 0) @ self.counts.sum(axis=1) * self.weight, dtype="float64")


Novelty: TypeAlias = Extremes | RareCategories


def extremes(values: Array, bins: NumberBins, day: np.ndarray) -> Extremes:
    """values: (n,) of any namespace; day: (n,) codes, on the host."""
    host = to_numpy(values)
    if len(bins.edges) < 2:
        return Extremes(np.empty((2, 0), dtype=int), np.empty((2, 0), dtype=int))
    # The outermost lie in the outermost bins.
    upper = np.flatnonzero((host >= bins.edges[-2]) & (host < np.inf))
    lower = np.flatnonzero((host < bins.edges[1]) & (host > -np.inf))
    found = [_outermost(host[rows] * sign, day[rows]) for rows, sign in ((upper, -1), (lower, 1))]
    least = min(len(one[0]) for one in found)
    return Extremes(*(np.stack([one[position][:least] for one in found]) for position in (0, 1)))


def rare_categories(values: pd.Series, bins: CategoryBins, day: np.ndarray, days: int) -> RareCategories:
    """values: (n,); day: (n,) codes."""
    codes, names = categories(values)
    rare = np.flatnonzero(names.isin(bins.seen) & ~names.isin(bins.common))
    chosen = rare[:: max(1, -(-len(rare) // RARE_CATEGORIES))]
    # A null is coded -1, and so takes the last.
    place = np.full(len(names) + 1, -1)
    place[chosen] = np.arange(len(chosen))
    of = place[codes]
    cells = np.bincount(of[of >= 0] * days + day[of >= 0], minlength=len(chosen) * days)
    return RareCategories(cells.reshape(len(chosen), days), len(rare) / max(1, len(chosen)))


def _outermost(values: np.ndarray, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of (n,) the least ones, least first: their days, and how many are less than each."""
    count = min(EXTREMES, len(values))
    chosen = np.argpartition(values, count - 1)[:count]
    chosen = chosen[np.argsort(values[chosen], kind="stable")]
    ascending = values[chosen]
    return day[chosen], np.searchsorted(ascending, ascending)
