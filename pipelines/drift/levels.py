"""How a column's daily mean moves: what jumps and stays, and what stands still.

Neither asks what the values were in the reference, only how fast they change: a season moves slowly and never stands
still, so both hold for columns that move with it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.profile import Profile

# A jump is between so many days before it and so many after; some of them may be thin, or still to come.
BEFORE_DAYS, AFTER_DAYS = 7, 7
LEAST_BEFORE_DAYS, LEAST_AFTER_DAYS = 5, 3
# All of those of one side lie within so many days, and between two days that are compared are fewer than this many,
# so that weekends without rows do no harm.
WITHIN_DAYS, NEXT_DAY_WITHIN = 14, 4
# What stands still does so for this many changes from a day to the next.
STILL_CHANGES = 4
# A column that stands still in the reference too, so that its quietest days change by less than this of its mean
# change, says nothing by standing still.
LEAST_CHANGE = 0.1
# A day of fewer values than this share of an ordinary one, as at a partition's edge, has no mean to compare.
THIN_DAY = 0.25


@dataclass(frozen=True)
class Levels:
    """days: (days,) as numbers; means: (days, columns) about the bins' centers, NaN where a day is too thin."""

    days: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class Pace:
    """How columns move in the reference, (columns,) each.

    unit: the greater of the spread within a day and the mean change from one day to the next, 0 for a constant.
    quietest: the least of what `changes` finds, NaN where the column stands still at times, so that this says nothing.
    usual_rows: known values of an ordinary day.
    """

    unit: np.ndarray
    quietest: np.ndarray
    usual_rows: np.ndarray


def levels(profiles: list[Profile], columns: list[str], usual_rows: np.ndarray) -> Levels:
    """Of windows one after another; a day that two of them share is one. usual_rows: (columns,) of an ordinary day."""
    every = np.unique(np.concatenate([day_numbers(one.days) for one in profiles]))
    known, sums = np.zeros((2, len(every), len(columns)))
    for profile in profiles:
        at = np.searchsorted(every, day_numbers(profile.days))
        for position, name in enumerate(columns):
            if name in profile.columns:
                known[at, position] += profile.columns[name].known
                sums[at, position] += profile.columns[name].sums
    enough = known > THIN_DAY * usual_rows
    return Levels(every, np.where(enough, sums / np.maximum(known, 1), np.nan))


def day_numbers(days: np.ndarray) -> np.ndarray:
    """ISO days, (days,), as days since 1970."""
    return days.astype("datetime64[D]").astype(int)


def pace_of(reference: Profile, columns: list[str]) -> Pace:
    own = [reference.columns[name] for name in columns]
    known, sums, squares = (np.stack([getattr(one, of) for one in own], axis=1) for of in ("known", "sums", "squares"))
    usual = np.median(known, axis=0)
    within = np.sqrt(np.maximum(0, squares / np.maximum(known, 1) - (sums / np.maximum(known, 1)) ** 2))
    level = levels([reference], columns, usual)
    change = _mean(np.abs(np.diff(level.means, axis=0)))
    quietest = np.fmin.reduce(changes(level), axis=0, initial=np.inf)
    tells = np.isfinite(quietest) & (quietest > LEAST_CHANGE * change)
    return Pace(np.fmax(_mean(within), change), np.where(tells, quietest, np.nan), usual)


def jumps(level: Levels) -> np.ndarray:
    """For each day, the gap that opened before it, (days, columns) in the columns' units; NaN where it cannot be told.

    The gap between two weeks: by how much every day from it on lies beyond every day before, on one side. 0 where
    they overlap, as two weeks of weather do.
    """
    found = np.full(level.means.shape, np.nan)
    for at in range(BEFORE_DAYS, len(level.days) - LEAST_AFTER_DAYS + 1):
        before, after = slice(at - BEFORE_DAYS, at), slice(at, at + AFTER_DAYS)
        near = level.days[after] < level.days[at] + WITHIN_DAYS
        sudden = level.days[at] - level.days[at - 1] <= NEXT_DAY_WITHIN
        if not sudden or level.days[at - BEFORE_DAYS] < level.days[at] - WITHIN_DAYS or near.sum() < LEAST_AFTER_DAYS:
            continue
        earlier, later = level.means[before], level.means[after][near]
        up = np.fmin.reduce(later) - np.fmax.reduce(earlier)
        down = np.fmin.reduce(earlier) - np.fmax.reduce(later)
        told = (_known(earlier) >= LEAST_BEFORE_DAYS) & (_known(later) >= LEAST_AFTER_DAYS)
        found[at] = np.where(told, np.maximum(0, np.maximum(up, down)), np.nan)
    return found


def changes(level: Levels) -> np.ndarray:
    """For each day, the greatest of the last four changes from a day to the next, (days, columns); NaN where one of
    them cannot be told."""
    change = np.abs(np.diff(level.means, axis=0, prepend=np.nan))
    change[np.diff(level.days, prepend=level.days[:1] - 1) > NEXT_DAY_WITHIN] = np.nan
    found = np.full(change.shape, np.nan)
    for at in range(STILL_CHANGES, len(change)):
        found[at] = change[at - STILL_CHANGES + 1 : at + 1].max(axis=0)
    return found


def _known(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.isfinite(values).sum(axis=0))


def _mean(values: np.ndarray) -> np.ndarray:
    """Of the known ones of (days, columns), 0 where there is none."""
    return np.asarray(pd.DataFrame(values).mean().fillna(0.0).to_numpy())
