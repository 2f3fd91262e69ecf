"""A history of four windows of made rows, for policies to be replayed over without a training."""

from datetime import UTC, datetime

import numpy as np

from pipelines.backtest.fits import Fit
from pipelines.backtest.history import History, PastWindow
from pipelines.interval import partitions_between
from pipelines.joined import JoinedPartition
from pipelines.release.provenance import Cost
from pipelines.spec import find_model

SPEC = find_model("flight_delay")
MONTHS = partitions_between(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 8, 1, tzinfo=UTC), "month")
ROWS_A_DAY = 40
HELD_OUT_S, REFIT_S = 6.0, 4.0


def made_history(fade: float = 0.4) -> History:
    """A model's scores tell less of the label with each month of its age. fade: how much less."""
    chance = np.random.default_rng(11)
    windows, truth = [], []
    for interval in MONTHS:
        days = (interval.end - interval.start).days
        day = np.repeat([f"{interval.start:%Y-%m}-{number:02}" for number in range(1, days + 1)], ROWS_A_DAY)
        label = chance.integers(0, 2, len(day)).astype("float64")
        joined = JoinedPartition(f"{interval.start:%Y-%m}", "", "", len(day))
        windows.append(
            PastWindow(joined.part, interval, joined, np.arange(len(day)), np.full(len(day), True), label, day)
        )
        truth.append((label, chance.normal(0, 1, len(day))))
    scores = {
        (fit, at): (label * (1.5 - fade * (at - fit)) + noise).astype("float32")
        for at, (label, noise) in enumerate(truth)
        for fit in range(at + 1)
    }
    return History(SPEC, None, windows, [made_fit(interval.start) for interval in MONTHS], scores, None)


def made_fit(as_of: datetime) -> Fit:
    costs = [Cost(cpu_s=cpu_s, wall_s=cpu_s, peak_memory_mb=100.0, gpu_s=None) for cpu_s in (HELD_OUT_S, REFIT_S)]
    return Fit(f"key of {as_of:%F}", as_of, "digest", 1000, 100, costs[0], costs[1], {})
