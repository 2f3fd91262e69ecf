"""Floor and ceiling: one metric of the newest held-out window against a number."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from pipelines.gates.gate import Gate, GateResult, Judged
from pipelines.spec_words import Metric

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence

# Of those, `pipelines.metrics.measure` has the value alone.
WITHOUT_INTERVAL: list[Metric] = ["pr_auc", "ece"]


class _Bound(Gate):
    """One metric, and what of it must keep a number."""

    metric: Metric
    judged_by: Judged = "point"

    @model_validator(mode="after")
    def _has_what_it_is_judged_by(self) -> Self:
        if self.judged_by == "interval" and self.metric in WITHOUT_INTERVAL:
            way = ", or use the gate calibration, which has one" if self.metric == "ece" else ""
            raise ValueError(
                f'judged_by must be "point" for {self.metric}, which has no interval here{way} (got "interval")'
            )
        return self

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    def _hold(self, asked: Literal["at least", "at most"], bound: float, evidence: "Evidence") -> GateResult:
        from pipelines.gates.bound import hold
        from pipelines.metrics import measure

        rows = evidence.rows
        measured = measure(self.metric, evidence.on_device(rows.label), evidence.on_device(rows.candidate), rows.day)
        verdict, words = hold(measured, asked, bound, self.judged_by)
        return self.result(verdict, f"{self.metric} is {measured}; {words}", measured, bound=bound, rows=len(rows))


class Floor(_Bound):
    """The metric reaches a number."""

    kind: Literal["floor"]
    at_least: float

    def judge(self, evidence: "Evidence") -> GateResult:
        return self._hold("at least", self.at_least, evidence)


class Ceiling(_Bound):
    """The metric does not exceed a number."""

    kind: Literal["ceiling"]
    at_most: float

    def judge(self, evidence: "Evidence") -> GateResult:
        return self._hold("at most", self.at_most, evidence)
