"""Floor and ceiling: one metric of the newest held-out window against a number."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult
from pipelines.spec_words import Metric

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence

Judged = Annotated[
    Literal["point", "interval"], Field(description="What must keep the bound: the point, or the whole 95 % interval.")
]


class Floor(Gate):
    """The metric reaches a number."""

    kind: Literal["floor"]
    metric: Metric
    at_least: float
    judged_by: Judged = "point"

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    def judge(self, evidence: "Evidence") -> GateResult:
        return _judge(self, self.metric, self.at_least, "at least", self.judged_by, evidence)


class Ceiling(Gate):
    """The metric does not exceed a number."""

    kind: Literal["ceiling"]
    metric: Metric
    at_most: float
    judged_by: Judged = "point"

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    def judge(self, evidence: "Evidence") -> GateResult:
        return _judge(self, self.metric, self.at_most, "at most", self.judged_by, evidence)


def _judge(gate: Gate, metric: Metric, bound: float, asked: str, judged_by: Judged, evidence: "Evidence") -> GateResult:
    """cannot_tell only by interval: when it has none, or holds the bound inside."""
    from pipelines.metrics import measure

    rows = evidence.rows
    measured = measure(metric, rows.label, rows.candidate, rows.day)
    worst, best = (measured.low, measured.high) if asked == "at least" else (measured.high, measured.low)
    sign = 1 if asked == "at least" else -1
    sentence = f"{metric} is {measured}; {asked} {bound:g} is asked"
    rest = {"bound": bound, "rows": len(rows)}
    if judged_by == "point":
        return gate.result("pass" if sign * (measured.value - bound) >= 0 else "fail", sentence, measured, **rest)
    sentence += " of the whole interval"
    if worst is None or best is None:
        return gate.result("cannot_tell", f"{sentence}, and there is none: too few days", measured, **rest)
    if sign * (worst - bound) >= 0:
        return gate.result("pass", sentence, measured, **rest)
    return gate.result("fail" if sign * (best - bound) < 0 else "cannot_tell", sentence, measured, **rest)
