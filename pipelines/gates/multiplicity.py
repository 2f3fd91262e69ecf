"""Many tests at once: p values that keep their promise over the whole family.

Our own, because importing scipy.stats costs half a second of every evaluation.
"""

from typing import Literal

import numpy as np

Correction = Literal["holm", "benjamini_hochberg"]


def corrected(p_values: np.ndarray, correction: Correction) -> np.ndarray:
    """Corrected p values, (k,), in the order given: reject those up to alpha."""
    return holm(p_values) if correction == "holm" else benjamini_hochberg(p_values)


def holm(p_values: np.ndarray) -> np.ndarray:
    """Any wrong rejection at most with probability alpha, however the tests depend on each other (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    found = np.empty(len(p_values))
    found[order] = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    return np.minimum(found, 1.0)


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Of all rejections at most a share alpha wrong, for tests that do not oppose each other (1995)."""
    order = np.argsort(p_values, kind="stable")[::-1]
    found = np.empty(len(p_values))
    found[order] = np.minimum.accumulate(p_values[order] * len(p_values) / np.arange(len(p_values), 0, -1))
    return np.minimum(found, 1.0)
