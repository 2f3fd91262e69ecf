"""What the inputs' statistics are in windows in which nothing is wrong, many at once, from the profile alone."""

from dataclasses import dataclass

import numpy as np

from pipelines.drift.bins import CategoryBins, NumberBins
from pipelines.drift.distances import null_rate_rise, psi
from pipelines.drift.inputs import ReferenceProfile
from pipelines.drift.levels import jumps, levels, pace_of


@dataclass(frozen=True)
class NullLevels:
    """jumps: the greatest of each window by column, (windows,), in its units; still: columns of which a standstill
    can be told."""

    jumps: dict[str, np.ndarray]
    still: list[str]


def null_shares(
    reference: ReferenceProfile, inside: np.ndarray, informs: frozenset[str], closer: float
) -> dict[str, np.ndarray]:
    """Each series of counts that may alarm, (windows,). inside: (windows, days) of the profile; closer: of
    `widening`."""
    days, found = inside.astype("float64"), {}
    for name, bins in reference.bins.items():
        counts = reference.profile.columns[name].counts
        window = days @ counts
        rest = counts.sum(axis=0) - window
        found[f"input/null_rate_rise/{name}"] = closer * null_rate_rise(rest, window)
        if isinstance(bins, CategoryBins) or name not in informs:
            statistic = "unseen_rate" if isinstance(bins, CategoryBins) else "out_of_range_rate"
            novel = reference.novelty[name].rows(inside)
            found[f"input/{statistic}/{name}"] = novel / np.maximum(1, window.sum(axis=1))
        if name not in informs:
            # To first order a sum of squared differences of shares.
            found[f"input/psi/{name}"] = closer**2 * psi(bins, rest, window)
    return found


def null_levels(reference: ReferenceProfile, inside: np.ndarray) -> NullLevels:
    """As above; columns of numbers only."""
    columns = [name for name, bins in reference.bins.items() if isinstance(bins, NumberBins)]
    if not columns:
        return NullLevels({}, [])
    pace = pace_of(reference.profile, columns)
    gaps = np.nan_to_num(jumps(levels([reference.profile], columns, pace.usual_rows)))
    greatest = {
        name: np.where(inside, gaps[:, position] / pace.unit[position], 0).max(axis=1)
        for position, name in enumerate(columns)
        if pace.unit[position] > 0
    }
    return NullLevels(
        greatest, [name for name, known in zip(columns, np.isfinite(pace.quietest), strict=True) if known]
    )
