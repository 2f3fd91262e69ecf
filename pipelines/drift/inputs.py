"""Drift of one column between two windows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.errors import EmptyWindow

SMALLEST_SHARE = 1e-4
RARE_SHARE = 0.01


@dataclass(frozen=True)
class ColumnDrift:
    """null_rate_rise: current minus reference share of nulls. seasonal columns inform and do not alarm."""

    column: str
    psi: float
    null_rate_rise: float
    seasonal: bool


def population_stability_index(reference: pd.Series, current: pd.Series, bins: int = 10) -> float:
    """PSI of one feature between two windows, on quantile bins of the reference.

    reference, current: shape (n,), float or category; nulls get a bin of their own, categories rarer than
    1 % in the reference share one. Returns a value in [0, inf); 0.2 and more is read as a large shift
    (Siddiqi 2006). Raises EmptyWindow when either window has no rows.
    """
    if len(reference) == 0 or len(current) == 0:
        raise EmptyWindow(f"drift of {reference.name}: {len(reference)} reference and {len(current)} current rows")
    if pd.api.types.is_numeric_dtype(reference):
        known = reference.dropna().astype("float64")
        edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else np.empty(0)
        expected, observed = (_numeric_shares(values, edges) for values in (reference, current))
    else:
        shares = reference.value_counts(normalize=True)
        common = shares.index[shares >= RARE_SHARE]
        expected, observed = (_category_shares(values, common) for values in (reference, current))
    expected, observed = np.clip(expected, SMALLEST_SHARE, None), np.clip(observed, SMALLEST_SHARE, None)
    return float(((observed - expected) * np.log(observed / expected)).sum())


def column_drift(reference: pd.Series, current: pd.Series, seasonal: bool) -> ColumnDrift:
    rise = float(current.isna().mean() - reference.isna().mean())
    return ColumnDrift(str(reference.name), population_stability_index(reference, current), rise, seasonal)


def _numeric_shares(values: pd.Series, edges: np.ndarray) -> np.ndarray:
    numbers = values.to_numpy(dtype="float64")
    known = numbers[~np.isnan(numbers)]
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return np.append(counts, len(numbers) - len(known)) / len(numbers)


def _category_shares(values: pd.Series, common: pd.Index) -> np.ndarray:
    shares = values.value_counts(normalize=True, dropna=True)
    kept = shares.reindex(common, fill_value=0.0).to_numpy(dtype="float64")
    null = float(values.isna().mean())
    return np.append(kept * (1 - null), [max(0.0, (1 - null) * (1 - kept.sum())), null])
