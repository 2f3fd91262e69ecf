"""Rows by the values of columns, and in which of these slices one model is worse than another."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import stdtr

from pipelines.errors import SpecError
from pipelines.gates.comparison import Comparison, Incomparable
from pipelines.gates.multiplicity import Correction, corrected

NUMBERS_AT_MOST = 50
MISSING = "missing"


@dataclass(frozen=True)
class Slice:
    """name: such as 'origin=JFK & carrier=B6'; rows: positions, ascending."""

    name: str
    rows: np.ndarray


@dataclass(frozen=True)
class Tested:
    """p: probability of a gain this low or lower when the loss is just the margin; p_corrected: for all slices."""

    name: str
    compared: Comparison
    p: float
    p_corrected: float


def slices(features: pd.DataFrame, columns: Sequence[str], depth: int) -> list[Slice]:
    """One slice a value of each column, then, two deep, one a pair of values of two columns.

    A pair that holds all rows of one of its values is left out: it would be the same test again.
    Raises SpecError for a column of more different numbers than can be slices.
    """
    groups = {column: dict(_groups(_values(features[column]))) for column in columns}
    found = [Slice(f"{column}={value}", rows) for column in columns for value, rows in groups[column].items()]
    for one, other in combinations(columns, 2) if depth == 2 else ():
        for value, rows in groups[one].items():
            for second, both in _groups(_values(features[other].iloc[rows])):
                if len(both) < min(len(rows), len(groups[other][second])):
                    found.append(Slice(f"{one}={value} & {other}={second}", rows[both]))
    return found


def worse_slices(
    found: Sequence[Slice], compared_at: Callable[[np.ndarray], Comparison], margin: float, correction: Correction
) -> list[Tested]:
    """Each slice's one-sided test of 'worse by no more than the margin', the least bearable first.

    compared_at: the comparison of the rows at these positions. A slice that cannot be compared (one class,
    one day) is left out.
    """
    compared = {}
    for one in found:
        with contextlib.suppress(Incomparable):
            comparison = compared_at(one.rows)
            if comparison.error is not None:
                compared[one.name] = comparison
    p_values = np.array([_p_value(comparison, margin) for comparison in compared.values()])
    tested = [
        Tested(name, comparison, float(p), float(together))
        for (name, comparison), p, together in zip(
            compared.items(), p_values, corrected(p_values, correction), strict=True
        )
    ]
    return sorted(tested, key=lambda one: (one.p, one.compared.gain))


def _p_value(compared: Comparison, margin: float) -> float:
    """Equal scores have no error: then the gain itself decides."""
    if not compared.error:
        return float(compared.gain >= -margin)
    return float(stdtr(compared.days - 1, (compared.gain + margin) / compared.error))


def _values(column: pd.Series) -> pd.Series:
    """Shape (n,), text. Raises SpecError for too many different numbers."""
    different = column.nunique()
    if pd.api.types.is_numeric_dtype(column) and different > NUMBERS_AT_MOST:
        raise SpecError(
            f"the column {column.name} cannot be a gate's slices: it has {different:,} different numbers in the "
            f"held-out rows, more than {NUMBERS_AT_MOST}; name a category, or few numbers such as a weekday's"
        )
    texts = column.map(lambda value: f"{value:g}" if isinstance(value, float) else str(value), na_action="ignore")
    return texts.astype(object).where(column.notna(), MISSING)


def _groups(values: pd.Series) -> Iterator[tuple[str, np.ndarray]]:
    """Each value with its rows' positions, in the values' order."""
    codes, names = pd.factorize(values, sort=True)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes, minlength=len(names)))[:-1])
    yield from zip(names, parts, strict=True)
