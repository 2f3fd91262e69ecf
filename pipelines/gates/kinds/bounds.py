"""Floor and ceiling: one metric of the newest held-out window against a number."""

from typing import TYPE_CHECKING, Literal

from pipelines.gates.gate import Gate, GateResult, Judged
from pipelines.spec_words import Metric

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence


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


def _judge(
    gate: Gate,
    metric: Metric,
    bound: float,
    asked: Literal["at least", "at most"],
    judged_by: Judged,
    evidence: "Evidence",
) -> GateResult:
    from pipelines.gates.bound import hold
    from pipelines.metrics import measure

    rows = evidence.rows
    measured = measure(metric, rows.label, rows.candidate, rows.day)
    verdict, words = hold(measured, asked, bound, judged_by)
    return gate.result(verdict, f"{metric} is {measured}; {words}", measured, bound=bound, rows=len(rows))
