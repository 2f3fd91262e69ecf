"""How many rows a window has, against what its reference had on the same weekdays."""

import numpy as np
import pandas as pd

from pipelines.drift.series import Observation
from pipelines.drift.windows import Reference, Window
from pipelines.errors import EmptyWindow
from pipelines.monitoring_spec import Monitoring

# A day without rows counts as half a row: its log ratio is finite, and beyond that of any day with one.
NO_ROWS = 0.5


def observe_volume(policy: Monitoring, reference: Reference, window: Window) -> list[Observation]:
    """|log ratio| of the window's rows to those that the reference's weekdays make expected, in all and by UTC day.

    Raises EmptyWindow when either has no rows.
    """
    require_windows(reference, window)
    expected_on = _by_weekday(reference.rows.at)
    days = pd.date_range(window.interval.start, window.interval.end, freq="D", inclusive="left")
    expected = expected_on.reindex(days.weekday).fillna(expected_on.mean()).to_numpy()
    counts = _counts(window.rows.at).reindex(days.date).fillna(0).to_numpy()
    rows = len(window.rows.label)
    text = f"{rows:,} rows in {len(days)} days where the reference's weekdays have {expected.sum():,.0f}"
    daily, names = np.abs(np.log(np.maximum(counts, NO_ROWS) / expected)).tolist(), days.strftime("%F").tolist()
    value = abs(float(np.log(rows / expected.sum())))
    return [Observation("volume", "volume_change", "rows", value, policy.volume_change, text, daily=daily, days=names)]


def require_windows(reference: Reference, window: Window) -> None:
    """Raises EmptyWindow, naming which, when there is nothing to compare."""
    if len(window.rows.label) == 0:
        raise EmptyWindow(
            f"the window {window.part} {window.interval} has no rows: nothing was scored. Check that the source "
            "has rows of it, and pull and score it again"
        )
    if len(reference.rows.label) == 0:
        raise EmptyWindow(
            f"the reference of version {reference.version}, trained until {reference.trained_until:%F}, has no rows, "
            f"so there is nothing to compare {window.part} with. Backfill the partitions before it"
        )


def _counts(at: pd.Series) -> pd.Series:
    """Rows by UTC date."""
    return at.dt.tz_convert("UTC").dt.date.value_counts()


def _by_weekday(at: pd.Series) -> pd.Series:
    """Mean rows a day by weekday, Monday is 0, over the days that have any."""
    counts = _counts(at)
    return counts.groupby(pd.DatetimeIndex(counts.index).weekday).mean()
