"""The bins of a column: made from the reference, and the same for every window that is compared with it.

Last is always the bin for nulls. What the reference never had, a number beyond its range or a new category, has
bins of its own.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipelines.array import Array, namespace_of, quantiles

QUANTILE_BINS = 10
# Of the reference: categories that are rarer share a bin.
RARE_SHARE = 0.01
# Between these quantiles, and as far again on either side, a value counts for means and spreads; beyond, the limit.
TAIL = 0.001


@dataclass(frozen=True)
class NumberBins:
    """edges: (k,) ascending: the reference's least value, its deciles, just above its greatest; empty where it has
    no finite number. The bins: below, k - 1 within, above (infinities are below or above), null.
    low, center, high: what values are clipped to, and what their sums are about."""

    edges: np.ndarray
    low: float
    center: float
    high: float

    @classmethod
    def of(cls, values: Array) -> "NumberBins":
        """values: (n,) float, of any namespace."""
        xp = namespace_of(values)
        known = values[xp.isfinite(values)]
        if not known.shape[0]:
            return cls(np.empty(0), 0.0, 0.0, 0.0)
        wanted = np.concatenate([np.linspace(0, 1, QUANTILE_BINS + 1), [TAIL, 1 - TAIL]])
        found = quantiles(known, wanted)
        inner, (least, most) = found[: QUANTILE_BINS + 1], found[QUANTILE_BINS + 1 :]
        edges = np.unique([*inner[:-1], np.nextafter(inner[-1], np.inf)])
        width = most - least
        return cls(edges, float(least - width), float(inner[QUANTILE_BINS // 2]), float(most + width))

    @property
    def count(self) -> int:
        return len(self.edges) + 2

    @property
    def outside(self) -> np.ndarray:
        """Which bins hold what the reference never had, (count,)."""
        found = np.zeros(self.count, dtype=bool)
        found[[0, len(self.edges)]] = True
        return found

    @property
    def folded(self) -> np.ndarray:
        """(count, bins of the PSI): what is below or above the range falls into the bin at that end."""
        within = max(1, len(self.edges) - 1)
        return _indicator([*np.clip(np.arange(len(self.edges) + 1) - 1, 0, within - 1), within])


@dataclass(frozen=True)
class CategoryBins:
    """common: categories of 1 % of the reference and more, one bin each; all of its categories: seen.
    Codes: 0 … c - 1 common, c other seen ones, c + 1 unseen, c + 2 null."""

    common: pd.Index
    seen: pd.Index

    @classmethod
    def of(cls, values: pd.Series) -> "CategoryBins":
        codes, names = categories(values)
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        seen = counts > 0
        return cls(names[seen & (counts >= RARE_SHARE * counts.sum())], names[seen])

    @property
    def count(self) -> int:
        return len(self.common) + 3

    @property
    def outside(self) -> np.ndarray:
        return np.isin(np.arange(self.count), [len(self.common) + 1])

    @property
    def folded(self) -> np.ndarray:
        """(count, bins of the PSI): unseen categories count with the rare ones."""
        return _indicator([*range(len(self.common) + 1), len(self.common), len(self.common) + 1])

    def codes(self, values: pd.Series) -> np.ndarray:
        codes, names = categories(values)
        found = self.common.get_indexer(names)
        rare = np.where(self.seen.get_indexer(names) >= 0, len(self.common), len(self.common) + 1)
        # A null is coded -1, and so takes the last.
        bins: np.ndarray = np.append(np.where(found >= 0, found, rare), self.count - 1)[codes]
        return bins


Bins: TypeAlias = NumberBins | CategoryBins


def categories(values: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Each row's category as a number, -1 for null, and the categories."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(), values.cat.categories
    codes, names = pd.factorize(values)
    return codes, names


def _indicator(of: list[int]) -> np.ndarray:
    return np.asarray(np.equal.outer(of, np.arange(max(of) + 1)), dtype="float64")
