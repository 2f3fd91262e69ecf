"""Categories that went and categories that came, at the end of a window: a code renamed, an airport closed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.windows import Reference, Window

# Whatever began in mid-window rules its last days.
LAST_DAYS = 5
# Of a category that is still there, none in so many expected rows is beyond chance, however its days go together.
LEAST_EXPECTED = 50
# A new category has the share of the one that it replaces, within this factor.
SAME_SHARE = 1.5


@dataclass(frozen=True)
class Exchange:
    """unseen: categories that the reference never had, the most frequent first; vanished: common ones that are gone,
    with their share in the reference; pairs: (old, new, share now) of about the same share. since: a day."""

    unseen: list[str]
    vanished: dict[str, float]
    pairs: list[tuple[str, str, float]]
    since: str


def exchanged(name: str, reference: Reference, window: Window) -> Exchange:
    """Of one column of categories; the window has rows."""
    column, day = window.rows.features[name], window.rows.day
    expected = _shares(reference.rows.features[name])
    last = column[np.isin(day, np.unique(day)[-LAST_DAYS:])]
    now, whole = _shares(last), _shares(column)
    there = whole.drop([one for one in whole.index if one in expected.index])
    vanished = {
        str(one): float(share)
        for one, share in expected.items()
        if one not in now.index and share * len(last) >= LEAST_EXPECTED
    }
    pairs: list[tuple[str, str, float]] = []
    arrived = now[[one for one in now.index if one in there.index]]
    for old, share in vanished.items():
        free = [one for one in arrived.index if one not in {new for _, new, _ in pairs}]
        near = min(free, key=lambda one: abs(np.log(arrived[one] / share)), default=None)
        if near is not None and 1 / SAME_SHARE <= arrived[near] / share <= SAME_SHARE:
            pairs.append((old, str(near), float(arrived[near])))
    return Exchange([str(one) for one in there.index], vanished, pairs, _since(column, day, there.index, vanished))


def _shares(column: pd.Series) -> pd.Series:
    """Of the known rows, by category, the most frequent first."""
    shares = column.value_counts(normalize=True)
    return shares[shares > 0]


def _since(column: pd.Series, day: np.ndarray, unseen: pd.Index, vanished: dict[str, float]) -> str:
    """The first day with a new category, or the first after the last with one that is gone."""
    new, days = np.unique(day[column.isin(unseen).to_numpy()]), np.unique(day)
    if len(new):
        return str(new[0])
    gone = np.unique(day[column.isin(list(vanished)).to_numpy()])
    after = days[days > gone[-1]] if len(gone) else days
    return str(after[0] if len(after) else days[-1])
