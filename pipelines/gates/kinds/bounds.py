"""Floor and ceiling: one metric of the newest held-out window against a number."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from pipelines.gates.gate import Gate, GateResult, Judged
from pipelines.spec_words import Metric

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence

# Of those, `pipelines.metrics.measure` has the value alone.
WITHOUT_INTERVAL: list[Metric] = ["pr_auc", "ece"]


class Floor(Gate):
    """The metric reaches a number."""

    kind: Literal["floor"]
    metric: Metric
    at_least: float
    judged_by: Judged = "point"

    @model_validator(mode="after")
    def _has_what_it_is_judged_by(self) -> Self:
        _require_interval(self.metric, self.judged_by)
        return self

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

    @model_validator(mode="after")
    def _has_what_it_is_judged_by(self) -> Self:
        _require_interval(self.metric, self.judged_by)
        return self

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    def judge(self, evidence: "Evidence") -> GateResult:
        return _judge(self, self.metric, self.at_most, "at most", self.judged_by, evidence)


def _require_interval(metric: Metric, judged_by: Judged) -> None:
    if judged_by == "interval" and metric in WITHOUT_INTERVAL:
        way = ", or use the gate calibration, which has one" if metric == "ece" else ""
        raise ValueError(f'judged_by must be "point" for {metric}, which has no interval here{way} (got "interval")')


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
