"""Windows made by hand: so many rows on each of so many days, with columns that a test names."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from pipelines.drift.windows import Window
from pipelines.interval import partition_interval
from pipelines.training_set import Rows

FIRST_DAY = "2013-03-01"
APRIL = partition_interval("2013-04", "month")


def rows(columns: dict[str, np.ndarray], per_day: int = 20, first_day: str = FIRST_DAY) -> Rows:
    """columns: (n,) each, in the order of their days, so many a day."""
    features = pd.DataFrame(columns)
    at = pd.Timestamp(first_day, tz=UTC) + pd.to_timedelta(np.arange(len(features)) // per_day, unit="D")
    return Rows(
        features=features,
        label=np.full(len(features), np.nan),
        at=pd.Series(at),
        day=at.strftime("%F").to_numpy(),
        key=pd.Series(np.arange(len(features)).astype(str)),
    )


def window(columns: dict[str, np.ndarray], before: Rows | None = None, first_day: str = "2013-04-01") -> Window:
    found = rows(columns, first_day=first_day)
    as_of = datetime(2013, 5, 1, tzinfo=UTC)
    return Window("2013-04", APRIL, as_of, found, np.full(len(found.label), 0.5), before)
