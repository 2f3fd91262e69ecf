"""The two sides of a comparison: what the champion was made from, and one window that it scored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from pipelines.interval import Interval
from pipelines.metrics import Measured
from pipelines.training_set import Rows


@dataclass(frozen=True)
class Scored:
    """Labelled rows, scored by models that never saw them. label, score: (n,); day: (n,) local calendar day."""

    label: np.ndarray
    score: np.ndarray
    day: np.ndarray


@dataclass(frozen=True)
class HeldOut(Scored):
    """The champion's held-out rows at its own evaluation. columns: (n, k) of monitoring.slices, none where they are
    not to be had. walk_forward: those of all windows of its recipe, these among them; None where these are all."""

    columns: pd.DataFrame = field(default_factory=pd.DataFrame)
    walk_forward: Scored | None = None

    @property
    def every_window(self) -> Scored:
        return self.walk_forward or self


@dataclass(frozen=True)
class Reference:
    """rows: of the declared reference windows. metrics: of the champion's evaluation. importances: shares of
    gain by feature, empty where the model is gone. in_season: whether all rows are of the window's own season,
    a year before, so that seasonal columns may alarm. since: when the champion took force."""

    version: int
    trained_until: datetime
    since: datetime
    rows: Rows
    held_out: HeldOut
    metrics: Mapping[str, Measured]
    importances: dict[str, float]
    in_season: bool


@dataclass(frozen=True)
class Window:
    """One scored partition. rows: in the order of scores, (n,); labels unknown as of `as_of` are NaN.
    before: the rows of the newest partition before it, None for the first."""

    part: str
    interval: Interval
    as_of: datetime
    rows: Rows
    scores: np.ndarray
    before: Rows | None
