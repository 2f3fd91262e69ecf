"""How much of a window's loss of quality sits in which slice."""

import numpy as np
import pandas as pd

from pipelines.drift.report import SliceLoss
from pipelines.drift.windows import HeldOut, Window
from pipelines.gates.slicing import MISSING

# A slice that was held out with fewer rows has no expectation of its own.
LEAST_ROWS = 100
MOST = 20


def slice_losses(held_out: HeldOut, window: Window) -> list[SliceLoss]:
    """The slices by their share of the loss, the greatest first, at most twenty.

    The loss of a row is its squared error (Brier's, of a probability) beyond the mean of its value where the champion
    was held out. share: of the sum over all values of the column; a slice that gained has a negative one. Empty where
    no squared error was lost, or nothing is labelled.
    """
    known = ~np.isnan(window.rows.label) & np.isfinite(window.scores)
    now = (window.rows.label[known] - window.scores[known]) ** 2
    then = (held_out.label - held_out.score) ** 2
    found = []
    for column in held_out.columns:
        if column not in window.rows.features or not len(now) or not len(then):
            continue
        before = pd.Series(then).groupby(_values(held_out.columns[column])).agg(["mean", "size"])
        expected = before["mean"].where(before["size"] >= LEAST_ROWS)
        value = _values(window.rows.features.loc[known, column])
        excess = pd.Series(now - pd.Series(value).map(expected).fillna(float(then.mean())).to_numpy())
        sums = excess.groupby(value).agg(["sum", "size"])
        total = float(sums["sum"].sum())
        if total > 0:
            for name, one in sums.iterrows():
                lost, rows = float(one["sum"]), int(one["size"])
                found.append(SliceLoss(str(column), str(name), rows, lost / rows, lost / total))
    return sorted(found, key=lambda one: (-one.share, one.column, one.value))[:MOST]


def _values(column: pd.Series) -> np.ndarray:
    """As text, as the slices of quality are named."""
    text = column.map(lambda value: f"{value:g}" if isinstance(value, float) else str(value), na_action="ignore")
    return np.asarray(text.astype(object).where(column.notna(), MISSING))
