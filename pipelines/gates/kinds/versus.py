"""Against another model's scores of the same rows: the champion's, or a baseline's."""

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import TAIL, Gate, GateResult, Judged, Verdict
from pipelines.spec_words import Baseline, Metric

if TYPE_CHECKING:
    from pipelines.gates.comparison import Comparison
    from pipelines.gates.evidence import Evidence


class VersusChampion(Gate):
    """Not worse than the champion by more than a margin, or better than it: paired, clustered by day.

    The interval decides, with an error rate of alpha for all candidates held against one champion together.
    """

    kind: Literal["versus_champion"]
    metric: Metric
    not_worse_by: float | None = Field(default=None, gt=0, description="Margin of loss, in the metric's unit.")
    better_by: float | None = Field(default=None, ge=0, description="Gain that must be exceeded.")
    pooled: int = Field(default=1, ge=1, alias="windows", description="Newest walk-forward windows that are pooled.")
    alpha: float = Field(
        default=0.05, gt=0, le=0.2, description="Probability of passing a candidate exactly at the bound."
    )
    power: float = Field(
        default=0.8, ge=0.5, lt=1, description="How surely an equal candidate must be able to pass, else cannot_tell."
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if (self.not_worse_by is None) == (self.better_by is None):
            got = "neither" if self.not_worse_by is None else "both"
            raise ValueError(f"exactly one of not_worse_by and better_by must be given (got {got})")
        return self

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    @property
    def windows(self) -> int:
        return self.pooled

    @property
    def bound(self) -> float:
        """What the gain must exceed."""
        return -self.not_worse_by if self.not_worse_by is not None else self.better_by or 0.0

    def judge(self, evidence: "Evidence") -> GateResult:
        if evidence.champion is None:
            return self.result("pass", "no champion is in force yet: the other gates decide", bound=self.bound)
        from pipelines.gates.comparison import Incomparable, compare, spent

        rows = evidence.walk_forward.where(evidence.walk_forward.window < self.windows)
        alpha = spent(self.alpha, evidence.attempt)
        told = {"attempt": evidence.attempt, "alpha": self.alpha, "alpha_spent": alpha}
        try:
            label, candidate, champion = map(evidence.on_device, (rows.label, rows.candidate, rows.champion))
            compared = compare(self.metric, label, candidate, champion, rows.day)
            return self._decide(compared, alpha, told)
        except Incomparable as why:
            sentence = f"{self.metric} against the champion's cannot be compared: {why}"
            return self.result("cannot_tell", sentence, bound=self.bound, rows=len(rows), details=told)

    def _decide(self, compared: "Comparison", alpha: float, told: dict[str, Any]) -> GateResult:
        from pipelines.gates.comparison import better, not_worse

        low, high = compared.bounds(alpha)
        smallest = compared.smallest_detectable(alpha, self.power)
        verdict = (
            better(compared, self.bound, alpha)
            if self.not_worse_by is None
            else not_worse(compared, self.not_worse_by, alpha, self.power)
        )
        details = {
            **told,
            "confidence": 1 - 2 * alpha,
            "standard_error": compared.error,
            "days": compared.days,
            "smallest_detectable": smallest,
        }
        return self.result(
            verdict,
            self._sentence(compared, (low, high), smallest, verdict, told["attempt"]),
            value=compared.gain,
            low=low,
            high=high,
            bound=self.bound,
            rows=compared.rows,
            details=details,
        )

    def _sentence(
        self, compared: "Comparison", ends: tuple[float, float], smallest: float, verdict: Verdict, attempt: int
    ) -> str:
        asked = (
            f"more than {self.better_by:g} is asked"
            if self.not_worse_by is None
            else f"a loss of up to {self.not_worse_by:g} is allowed"
        )
        words = (
            f"{self.metric} against the champion's over {compared.days} days, better is positive: "
            f"{compared.gain:.4f} [{ends[0]:.4f}, {ends[1]:.4f}]; {asked}; "
            f"the smallest {'gain' if self.not_worse_by is None else 'loss'} that these days can show is {smallest:.4f}"
        )
        if verdict == "cannot_tell":
            words += ", so they cannot tell"
        return f"{words} (attempt {attempt} against this champion)" if attempt > 1 else words


class VersusBaseline(Gate):
    """Better than a baseline by more than a margin, on the newest held-out window."""

    kind: Literal["versus_baseline"]
    metric: Metric
    baseline: Baseline
    better_by: float = Field(ge=0)
    judged_by: Judged = "point"

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    @property
    def baselines(self) -> list[Baseline]:
        return [self.baseline]

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.gates.comparison import Incomparable, better, compare

        rows = evidence.rows
        told: dict[str, Any] = {"bound": self.better_by, "rows": len(rows)}
        words = f"{self.metric} is better than {self.baseline}'s by"
        try:
            columns = (rows.label, rows.candidate, rows.baselines[self.baseline])
            label, candidate, baseline = map(evidence.on_device, columns)
            compared = compare(self.metric, label, candidate, baseline, rows.day)
        except Incomparable as why:
            return self.result("cannot_tell", f"{words} an unknown amount: {why}", **told)
        words += f" {compared.gain:.4f}"
        told["value"] = compared.gain
        if compared.error is not None:
            told["low"], told["high"] = compared.bounds(TAIL)
            words += f" [{told['low']:.4f}, {told['high']:.4f}]"
        words += f"; more than {self.better_by:g} is asked"
        if self.judged_by == "point":
            return self.result("pass" if compared.gain > self.better_by else "fail", words, **told)
        words += " of the whole interval"
        if compared.error is None:
            return self.result("cannot_tell", f"{words}, and there is none: a single day", **told)
        return self.result(better(compared, self.better_by, TAIL), words, **told)
