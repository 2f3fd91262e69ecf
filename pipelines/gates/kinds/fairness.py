"""Whether groups of rows are treated alike."""

from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import Gate, GateResult, Verdict
from pipelines.spec_words import Task

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence
    from pipelines.gates.parity import Parity, Rate
    from pipelines.gates.slicing import Slice

Measure = Literal[
    "demographic_parity_difference",
    "equalized_odds_difference",
    "equal_opportunity_difference",
    "mae_difference",
]
RATES: dict[Measure, tuple["Rate", ...]] = {
    "demographic_parity_difference": ("selection_rate",),
    "equalized_odds_difference": ("true_positive_rate", "false_positive_rate"),
    "equal_opportunity_difference": ("true_positive_rate",),
    "mae_difference": ("mean_absolute_error",),
}


class Fairness(Gate):
    """No two groups differ by more than a number in a rate, as fairlearn defines it."""

    needs = frozenset({"features"})

    kind: Literal["fairness"]
    by: str = Field(min_length=1, description="A feature of the dataset: its values are the groups.")
    measure: Measure = Field(description="fairlearn's difference between groups; mae_difference for regression.")
    threshold: float | None = Field(
        default=None, gt=0, lt=1, description="Classification: predicted positive when the score is >= this."
    )
    at_most: float = Field(gt=0)
    min_rows: int = Field(default=300, ge=1, description="Groups of fewer rows are left out and named.")

    @model_validator(mode="after")
    def _threshold_fits_measure(self) -> Self:
        if (self.measure == "mae_difference") != (self.threshold is None):
            raise ValueError("threshold must be given, except for mae_difference, which takes none")
        return self

    @property
    def task(self) -> Task:
        return "regression" if self.measure == "mae_difference" else "classification"

    @property
    def feature_columns(self) -> list[str]:
        return [self.by]

    @property
    def subject(self) -> str:
        return f"{self.measure} by {self.by}"

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.gates.parity import has_rate, parity
        from pipelines.gates.slicing import slices

        rows, rates = evidence.rows, RATES[self.measure]
        found = slices(rows.features, [self.by], depth=1)
        groups = [
            one
            for one in found
            if len(one.rows) >= self.min_rows and all(has_rate(rate, rows.label[one.rows]) for rate in rates)
        ]
        told: dict[str, Any] = {"bound": self.at_most, "rows": sum(len(one.rows) for one in groups)}
        left_out = _left_out(found, groups)
        if len(groups) < 2:
            sentence = f"fewer than two groups of {self.by} have {self.min_rows:,} rows and the classes asked for"
            return self.result("cannot_tell", f"{sentence}{left_out}", **told)
        predicted = rows.candidate if self.threshold is None else (rows.candidate >= self.threshold).astype("float64")
        measured = parity(groups, rows.label, predicted, rows.day, rates)
        verdict: Verdict = "pass" if measured.gap.value <= self.at_most else "fail"
        details = [{"name": one.name, "rows": len(one.rows), **measured.groups[one.name]} for one in groups]
        sentence = f"{self._sentence(measured)}{left_out}"
        return self.result(verdict, sentence, measured.gap, details={"groups": details}, **told)

    def _sentence(self, found: "Parity") -> str:
        high, low = (found.groups[name][found.rate] for name in (found.highest, found.lowest))
        return (
            f"{self.measure} is {found.gap}; at most {self.at_most:g} is asked; the {found.rate.replace('_', ' ')} "
            f"is highest for {found.highest} ({high:.4f}), lowest for {found.lowest} ({low:.4f})"
        )


def _left_out(found: list["Slice"], groups: list["Slice"]) -> str:
    judged = {one.name for one in groups}
    small = [f"{one.name} ({len(one.rows):,} rows)" for one in found if one.name not in judged]
    return f"; too small and left out: {', '.join(small)}" if small else ""
