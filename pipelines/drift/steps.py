"""The day on which a column of numbers came to another level, with its values right before and right after, or to a
standstill, and the day on which nulls began to fill a column."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.windows import Reference, Window

# Right before and right after: a season moves little in a week.
SIDE_DAYS = 7
LEAST_SIDE_DAYS = 2
# Days before the window in which the step may have come too late to be seen there.
DAYS_BEFORE = SIDE_DAYS + LEAST_SIDE_DAYS
# Of the days since nulls began.
MOST = 0.5
# Of an ordinary change from a day to the next.
QUIET, LEAST_STILL_CHANGES = 0.15, 3


@dataclass(frozen=True)
class Sides:
    """before, after: values of at most a week each, without the days around midnight of the step. day: of the step."""

    before: np.ndarray
    after: np.ndarray
    day: str


def sides_of_step(name: str, reference: Reference, window: Window) -> Sides | None:
    """None where too few days have values. A window without one before it is compared with its reference's end.

    The step is where the daily medians on either side are furthest apart for their spread (a binary segmentation's
    first cut; Scott & Knott 1974).
    """
    values, day = _with_days_before(name, reference, window)
    frame = pd.DataFrame({"value": values.to_numpy(dtype="float64"), "day": day}).replace(np.inf, np.nan).dropna()
    medians = frame.groupby("day")["value"].median()
    if len(medians) < 2 * LEAST_SIDE_DAYS + 1:
        return None
    at, days = _cut(medians.to_numpy()), medians.index
    # The source's days are not ours: the day of the step, and the one before, may hold both.
    before, after = days[max(0, at - SIDE_DAYS - 1) : at - 1], days[at + 1 : at + 1 + SIDE_DAYS]
    sides = [frame.loc[frame["day"].isin(side), "value"].to_numpy() for side in (before, after)]
    return Sides(sides[0], sides[1], str(days[at]))


@dataclass(frozen=True)
class Onset:
    """day: None where it lies before the days that are told. share: of nulls from then on."""

    day: str | None
    share: float


def onset_of_nulls(name: str, reference: Reference, window: Window, usual: float) -> Onset | None:
    """The day from which on more of the rows are null than is usual; None where no day tells, as of nulls on a day now
    and then.

    The day is where the shares on either side differ most for their number of rows.
    """
    values, day = _with_days_before(name, reference, window)
    by_day = values.isna().groupby(day).agg(["sum", "count"])
    nulls, rows = by_day["sum"].cumsum().to_numpy(), by_day["count"].cumsum().to_numpy()
    before, after = nulls[:-1] / rows[:-1], (nulls[-1] - nulls[:-1]) / (rows[-1] - rows[:-1])
    if not len(before):
        return None
    at = int(((after - before) * np.sqrt(rows[:-1] * (rows[-1] - rows[:-1]))).argmax())
    above = (by_day["sum"] / by_day["count"] > usual).to_numpy()
    if before[at] <= usual < after[at] and above[at + 1 :].mean() > MOST:
        return Onset(str(by_day.index[at + 1]), float(after[at]))
    return Onset(None, float(nulls[-1] / rows[-1])) if above.all() else None


def onset_of_standstill(name: str, reference: Reference, window: Window) -> str | None:
    """The day on which a column of numbers came to its longest standstill; None where its days do not tell.

    Still is a change from a day to the next that is small beside the reference's: of values that stand still the mix
    of rows alone moves the mean.
    """
    values, day = _with_days_before(name, reference, window)
    means = values.astype("float64").groupby(day).mean().dropna()
    usual = reference.rows.features[name].astype("float64").groupby(reference.rows.day).mean().diff().abs()
    changes = means.diff().abs()
    still = (changes < QUIET * usual.median()).to_numpy()
    run = np.zeros(len(still), dtype=int)
    for at in range(1, len(still)):
        run[at] = run[at - 1] + 1 if still[at] else 0
    if not len(run) or run.max() < LEAST_STILL_CHANGES:
        return None
    return str(means.index[int(run.argmax()) - int(run.max())])


def _with_days_before(name: str, reference: Reference, window: Window) -> tuple[pd.Series, np.ndarray]:
    """The window's values after those of the days before it, and the day of each, (n,). A window without one before
    it follows on its reference's end."""
    earlier = window.before if window.before is not None and name in window.before.features else reference.rows
    last = np.isin(earlier.day, np.unique(earlier.day)[-DAYS_BEFORE:])
    values = pd.concat([earlier.features.loc[last, name], window.rows.features[name]], ignore_index=True)
    return values, np.concatenate([earlier.day[last], window.rows.day])


def _cut(levels: np.ndarray) -> int:
    """The first day of the second part, leaving at least two days whole on either side of it."""
    candidates = np.arange(LEAST_SIDE_DAYS, len(levels) - LEAST_SIDE_DAYS + 1)
    gaps = []
    for at in candidates:
        before, after = levels[max(0, at - SIDE_DAYS) : at], levels[at : at + SIDE_DAYS]
        # Means of medians: a mean finds the day, a median would be content with any near it.
        weight = np.sqrt(len(before) * len(after) / (len(before) + len(after)))
        gaps.append(abs(after.mean() - before.mean()) * weight)
    return int(candidates[int(np.argmax(gaps))])
