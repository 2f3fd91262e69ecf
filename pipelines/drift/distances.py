"""How far a window's counts are from the reference's: each statistic over any number of windows at once.

Counts are (…, bins), the last bin for nulls; what comes back is (…).
"""

import numpy as np

from pipelines.drift.bins import Bins, NumberBins
from pipelines.drift.profile import ColumnProfile

SMALLEST_SHARE = 1e-4


def null_rate_rise(reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Share of nulls less the reference's."""
    rise: np.ndarray = _share(window[..., -1:], window) - _share(reference[..., -1:], reference)
    return rise


def novelty_rate(bins: Bins, reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Share of rows in a category, or beyond a range, that the reference does not have; its own infinities are
    taken off."""
    own = bins.outside
    beyond: np.ndarray = _share(window[..., own], window) - _share(reference[..., own], reference)
    return np.asarray(np.clip(beyond, 0, None))


def psi(bins: Bins, reference: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Population stability index over the reference's bins and nulls, in [0, inf); 0.2 and more is read as a large
    shift (Siddiqi 2006). What is beyond the reference's range counts with the bin at that end, and a share as 1e-4 at
    least."""
    expected, observed = (
        np.clip(counts @ bins.folded / np.maximum(1, counts.sum(axis=-1, keepdims=True)), SMALLEST_SHARE, None)
        for counts in (reference, window)
    )
    return np.asarray(((observed - expected) * np.log(observed / expected)).sum(axis=-1))


def wasserstein(bins: NumberBins, reference: ColumnProfile, counts: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Wasserstein-1 distance in the reference's standard deviations, from the shares below each edge.

    mean: (…) of the window about the bins' center. Within a bin values are taken as evenly spread, which is true to a
    tenth or so. Beyond the range nothing says how far, so the distance is at least that of the means (equal to it
    where one distribution lies above the other). NaN where either has no finite number, or the reference is constant.
    """
    widths = np.diff(bins.edges)
    gaps = np.abs(_below(counts) - _below(reference.counts.sum(axis=0)))
    inside = ((gaps[..., 1:] + gaps[..., :-1]) / 2 * widths).sum(axis=-1)
    own_mean, spread = reference.sums.sum() / max(1, reference.known.sum()), reference.spread()
    distance = np.maximum(inside, np.abs(mean - own_mean)) / spread if spread else np.nan
    return np.where(counts[..., :-1].sum(axis=-1) > 0, distance, np.nan)


def _below(counts: np.ndarray) -> np.ndarray:
    """Share of the known values below each edge, (…, edges)."""
    known = counts[..., :-1]
    return np.asarray(np.cumsum(known, axis=-1)[..., :-1] / np.maximum(1, known.sum(axis=-1, keepdims=True)))


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(part.sum(axis=-1) / np.maximum(1, whole.sum(axis=-1)))
