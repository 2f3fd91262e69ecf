"""No part of the rows pays for what the whole gains."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import TAIL, Gate, GateResult
from pipelines.spec_words import Baseline, Metric

if TYPE_CHECKING:
    import numpy as np

    from pipelines.gates.evidence import Evidence, Scored
    from pipelines.gates.slicing import Tested

CORRECTIONS = {"holm": "Holm", "benjamini_hochberg": "Benjamini and Hochberg"}


class Slices(Gate):
    """In no slice of the columns is the candidate worse than the other by more than a margin, beyond doubt.

    One paired, day-clustered, one-sided test a slice; the p values are corrected for their number.
    """

    needs = frozenset({"features"})

    kind: Literal["slices"]
    metric: Metric
    columns: list[Annotated[str, Field(min_length=1)]] = Field(
        min_length=1, description="Features of the dataset: categories, or numbers of at most 50 values."
    )
    not_worse_by: float = Field(gt=0, description="Margin of loss, in the metric's unit.")
    against: Literal["champion", Baseline] = "champion"
    depth: int = Field(default=1, ge=1, le=2, description="2: also each pair of values of two columns.")
    min_rows: int = Field(default=300, ge=1, description="Slices of fewer rows are left out and counted.")
    correction: Literal["holm", "benjamini_hochberg"] = Field(
        default="holm", description="holm bounds the chance of any false alarm, benjamini_hochberg the false share."
    )
    alpha: float = Field(default=0.05, gt=0, le=0.2)
    pooled: int = Field(default=1, ge=1, alias="windows", description="Newest walk-forward windows that are pooled.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(set(self.columns)) < len(self.columns):
            raise ValueError(f"columns must be different (got {', '.join(self.columns)})")
        if self.depth == 2 and len(self.columns) < 2:
            raise ValueError("depth 2 needs two columns or more")
        if self.against != "champion" and self.pooled > 1:
            raise ValueError("windows must be 1 against a baseline: only the champion's scores of older ones are kept")
        return self

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    @property
    def baselines(self) -> list[Baseline]:
        return [] if self.against == "champion" else [self.against]

    @property
    def feature_columns(self) -> list[str]:
        return self.columns

    @property
    def windows(self) -> int:
        return self.pooled

    @property
    def subject(self) -> str:
        return f"{self.metric} by {', '.join(self.columns)}"

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.gates.comparison import Comparison, compare
        from pipelines.gates.slicing import slices, worse_slices

        if self.against == "champion" and evidence.champion is None:
            return self.result("pass", "no champion is in force yet: there is none to fall behind in any slice")
        rows, other = self._compared(evidence)

        def compared_at(at: "np.ndarray") -> Comparison:
            return compare(self.metric, rows.label[at], rows.candidate[at], other[at], rows.day[at])

        found = slices(rows.features, self.columns, self.depth)
        enough = [one for one in found if len(one.rows) >= self.min_rows]
        tested = worse_slices(enough, compared_at, self.not_worse_by, self.correction)
        told: dict[str, Any] = {"bound": -self.not_worse_by, "rows": len(rows)}
        if not tested:
            sentence = f"none of {len(found)} slices has {self.min_rows:,} rows, both classes and several days"
            return self.result("cannot_tell", sentence, **told)
        left_out = len(found) - len(tested)
        low, high = tested[0].compared.bounds(TAIL)
        return self.result(
            "fail" if self._rejected(tested) else "pass",
            self._sentence(tested, left_out),
            value=tested[0].compared.gain,
            low=low,
            high=high,
            details={"slices": [self._entry(one) for one in tested], "left_out": left_out},
            **told,
        )

    def _compared(self, evidence: "Evidence") -> tuple["Scored", "np.ndarray"]:
        """The rows, and the other's scores of them."""
        if self.against != "champion":
            return evidence.rows, evidence.rows.baselines[self.against]
        rows = evidence.walk_forward.where(evidence.walk_forward.window < self.windows)
        return rows, rows.champion

    def _rejected(self, tested: list["Tested"]) -> list["Tested"]:
        return [one for one in tested if one.p_corrected <= self.alpha]

    def _entry(self, one: "Tested") -> dict[str, Any]:
        low, high = one.compared.bounds(TAIL)
        return {
            "name": one.name,
            "rows": one.compared.rows,
            "value": one.compared.gain,
            "low": low,
            "high": high,
            "p_corrected": one.p_corrected,
            "verdict": "fail" if self._rejected([one]) else "pass",
        }

    def _sentence(self, tested: list["Tested"], left_out: int) -> str:
        """The least bearable slice, whether or not it is one too many."""
        first, rejected = tested[0], self._rejected(tested)
        low, high = first.compared.bounds(TAIL)
        other = "the champion" if self.against == "champion" else self.against
        return (
            f"shown to be worse than {other} by more than {self.not_worse_by:g} in {len(rejected) or 'none'} of "
            f"{len(tested)} slices ({CORRECTIONS[self.correction]}, {left_out} too small to test); "
            f"{'worst' if rejected else 'nearest to it'} is {first.name} with {first.compared.rows:,} rows: "
            f"gain in {self.metric} {first.compared.gain:.4f} [{low:.4f}, {high:.4f}], p {first.p_corrected:.2g}"
        )
