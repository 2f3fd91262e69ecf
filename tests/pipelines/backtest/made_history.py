"""A history of four windows of made rows, for policies to be replayed over without a training."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from pipelines.backtest.fits import Fit
from pipelines.backtest.history import History, PastWindow
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.interval import partitions_between
from pipelines.joined import JoinedPartition
from pipelines.metrics import Measured
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


@dataclass
class Admission:
    """Refuses the fits named."""

    refused: frozenset[int]
    asked: list[tuple[int, int, int]] = field(default_factory=list)

    def evaluation(self, champion, candidate, attempt):
        self.asked.append((champion, candidate, attempt))
        verdict = "fail" if candidate in self.refused else "pass"
        gate = GateResult("floor", "auc", verdict, "auc is low", stops=verdict == "fail")
        metrics = {"candidate": {"auc": Measured(0.72, None, None)}, "champion": {"auc": Measured(0.70, None, None)}}
        window = ("2013-04-01T00:00:00+00:00", "2013-05-01T00:00:00+00:00")
        return Evaluation("m", "", candidate + 1, champion + 1, attempt, window, "", 9, 9, verdict, [gate], metrics)
