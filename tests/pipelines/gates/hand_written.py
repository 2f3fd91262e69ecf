"""Evidence from a few hand-written rows."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from pipelines.candidate import Candidate
from pipelines.champions import Champion
from pipelines.gates.evidence import Evidence, Scored
from pipelines.spec import find_model

AS_OF = datetime(2013, 4, 1, tzinfo=UTC)
CHAMPION = Champion(2, "run-2", datetime(2013, 3, 1, tzinfo=UTC), datetime(2013, 3, 1, tzinfo=UTC))
CANDIDATE = Candidate("flight_delay", AS_OF.isoformat(), 3, "run-3", "key", 20, "set", "model", "scores", ["scores"])
LABEL = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
DAY = np.array([0, 0, 1, 1, 2, 2])
RIGHT = np.array([0.9, 0.1, 0.8, 0.2, 0.7, 0.3])
WRONG = 1 - RIGHT


def scored(candidate, champion=None, label=LABEL, day=DAY, features=None, **baselines) -> Scored:
    """Rows of one window, one an hour; champion: NaN where it has no score of a row."""
    size = len(candidate)
    return Scored(
        key=np.arange(size),
        label=np.asarray(label, dtype=float),
        at=pd.date_range("2013-03-01", periods=size, freq="h", tz="UTC").to_numpy(),
        day=np.asarray(day),
        window=np.zeros(size, int),
        candidate=np.asarray(candidate, dtype=float),
        champion=np.full(size, np.nan) if champion is None else np.asarray(champion, dtype=float),
        baselines=baselines,
        features=pd.DataFrame() if features is None else features,
    )


def evidence(candidate=RIGHT, champion=None, gates=None, **rest) -> Evidence:
    """The shipped model's spec, with other gates where they are given; walk-forward rows are the window's own."""
    spec = find_model("flight_delay")
    fields = {name: rest.pop(name) for name in ("attempt", "evaluated", "serving", "as_of") if name in rest}
    rows = scored(candidate, champion, **rest)
    return Evidence(
        **{
            "spec": spec if gates is None else spec.model_copy(update={"gates": gates}),
            "as_of": AS_OF,
            "candidate": CANDIDATE,
            "champion": None if champion is None else CHAMPION,
            "rows": rows,
            "walk_forward": rows.where(~np.isnan(rows.champion)),
            **fields,
        }
    )
