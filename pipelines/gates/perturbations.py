"""Faults that happen to features on their way to a model, each as a function from rows to rows.

features: (n, k); none of these changes its argument.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

# No category of any dataset: an encoding has not seen it.
UNSEEN = "never seen before"


def without(features: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The columns are null: their feed did not come."""
    return features.assign(**{name: _nulls(features[name]) for name in columns})


def scaled(features: pd.DataFrame, column: str, factor: float, offset: float) -> pd.DataFrame:
    """Every value becomes factor * value + offset: it comes in another unit."""
    return features.assign(**{column: features[column] * factor + offset})


def clock_shifted(features: pd.DataFrame, column: str, hours: int) -> pd.DataFrame:
    """An hour of the day is off by some hours, past midnight too: it comes in another time zone."""
    return features.assign(**{column: (features[column] + hours) % 24})


def unseen(features: pd.DataFrame, column: str) -> pd.DataFrame:
    """Every row has a category that no training saw."""
    return features.assign(**{column: pd.Series(UNSEEN, index=features.index, dtype=object)})


def _nulls(values: pd.Series) -> pd.Series:
    """As a source without the values would give them: NaN for numbers, None for categories."""
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(np.nan, index=values.index)
    return pd.Series(None, index=values.index, dtype=object)
