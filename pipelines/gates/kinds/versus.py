"""Against another model's scores of the same rows: the champion's, or a baseline's."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult, Verdict
from pipelines.spec_words import HIGHER_IS_BETTER, Baseline, Metric

if TYPE_CHECKING:
    import numpy as np

    from pipelines.gates.evidence import Evidence, Scored
    from pipelines.metrics import Measured


class VersusChampion(Gate):
    """Not worse than the champion by more than a margin."""

    needs = frozenset({"walk_forward"})

    kind: Literal["versus_champion"]
    metric: Metric
    not_worse_by: float = Field(gt=0, description="Margin, in the metric's unit.")

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    def judge(self, evidence: "Evidence") -> GateResult:
        if evidence.champion is None:
            return self.result("pass", "no champion is in force yet: the other gates decide", bound=-self.not_worse_by)
        rows = evidence.walk_forward
        gain = _gain(self.metric, rows, rows.champion)
        sentence = (
            f"{self.metric} against the champion's, better is positive: {gain}; "
            f"a loss of up to {self.not_worse_by:g} is allowed"
        )
        verdict: Verdict = "pass" if gain.value >= -self.not_worse_by else "fail"
        return self.result(verdict, sentence, gain, bound=-self.not_worse_by, rows=len(rows))


class VersusBaseline(Gate):
    """Better than a baseline by more than a margin."""

    kind: Literal["versus_baseline"]
    metric: Metric
    baseline: Baseline
    better_by: float = Field(ge=0)

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    @property
    def baselines(self) -> list[Baseline]:
        return [self.baseline]

    def judge(self, evidence: "Evidence") -> GateResult:
        gain = _gain(self.metric, evidence.rows, evidence.rows.baselines[self.baseline])
        sentence = f"{self.metric} is better than {self.baseline}'s by {gain}; more than {self.better_by:g} is asked"
        verdict: Verdict = "pass" if gain.value > self.better_by else "fail"
        return self.result(verdict, sentence, gain, bound=self.better_by, rows=len(evidence.rows))


def _gain(metric: Metric, rows: "Scored", other: "np.ndarray") -> "Measured":
    """By how much the candidate is better, whichever direction is better."""
    from pipelines.metrics import Measured, difference

    gap = difference(metric, rows.label, rows.candidate, other, rows.day)
    if metric in HIGHER_IS_BETTER:
        return gap
    return Measured(-gap.value, None if gap.high is None else -gap.high, None if gap.low is None else -gap.low)
