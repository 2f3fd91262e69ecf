"""The population stability index: how far two windows' shares of the same bins are apart."""

import numpy as np
import pandas as pd

from pipelines.array import Array, Device, counts_between, namespace_of, quantiles, to_device
from pipelines.errors import EmptyWindow

SMALLEST_SHARE = 1e-4
RARE_SHARE = 0.01


def population_stability_index(
    reference: pd.Series, current: pd.Series, bins: int = 10, device: Device = "cpu"
) -> float:
    """PSI of one feature between two windows, on quantile bins of the reference.

    reference, current: shape (n,), float or category; nulls get a bin of their own, categories rarer than
    1 % in the reference share one. device: where numbers are sorted and counted; categories stay on the host.
    Returns a value in [0, inf); 0.2 and more is read as a large shift (Siddiqi 2006). Raises EmptyWindow when
    either window has no rows, GpuMissing.
    """
    if len(reference) == 0 or len(current) == 0:
        raise EmptyWindow(f"drift of {reference.name}: {len(reference)} reference and {len(current)} current rows")
    if pd.api.types.is_numeric_dtype(reference):
        earlier, later = (to_device(values.to_numpy(dtype="float64"), device) for values in (reference, current))
        return float(index_of(*quantile_shares(earlier, later, bins)))
    shares = reference.value_counts(normalize=True)
    common = shares.index[shares >= RARE_SHARE]
    return float(index_of(_category_shares(reference, common), _category_shares(current, common)))


def index_of(expected: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """PSI of windows' shares of the same bins, both (…, bins); returns (…). A share is taken as at least 1e-4."""
    expected, observed = np.clip(expected, SMALLEST_SHARE, None), np.clip(observed, SMALLEST_SHARE, None)
    return np.asarray(((observed - expected) * np.log(observed / expected)).sum(axis=-1))


def quantile_shares(reference: Array, current: Array, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Each window's share of rows in each quantile bin of the reference, the share of NaN last; on the host.

    reference, current: (n,) and (m,) floats of one namespace, computed with there.
    """
    xp = namespace_of(reference, current)
    known = reference[~xp.isnan(reference)]
    inner = np.linspace(0, 1, bins + 1)[1:-1]
    edges = np.unique(quantiles(known, inner)) if known.shape[0] else np.empty(0)
    return _shares(reference, edges), _shares(current, edges)


def _shares(values: Array, edges: np.ndarray) -> np.ndarray:
    known = values[~namespace_of(values).isnan(values)]
    counts = np.append(counts_between(known, edges), values.shape[0] - known.shape[0])
    return np.asarray(counts / values.shape[0])


def _category_shares(values: pd.Series, common: pd.Index) -> np.ndarray:
    shares = values.value_counts(normalize=True, dropna=True)
    kept = shares.reindex(common, fill_value=0.0).to_numpy(dtype="float64")
    null = float(values.isna().mean())
    return np.append(kept * (1 - null), [max(0.0, (1 - null) * (1 - kept.sum())), null])
