"""How differently the candidate answers from the champion: what the metrics may not see."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult, Judged

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence


class PredictionShift(Gate):
    """The scores differ from the champion's by no more than a number, on average over the same rows.

    A feature in another unit can leave the AUC as it is and move every score.
    """

    kind: Literal["prediction_shift"]
    at_most: float = Field(gt=0, description="Mean absolute difference, in the score's unit.")
    judged_by: Judged = "point"

    @property
    def subject(self) -> str:
        return "scores"

    def judge(self, evidence: "Evidence") -> GateResult:
        import numpy as np

        from pipelines.gates.bound import hold
        from pipelines.metrics import measure_mean

        told: dict[str, Any] = {"bound": self.at_most}
        if evidence.champion is None:
            return self.result("pass", "no champion is in force yet whose scores could be moved", **told)
        rows = evidence.rows.where(~np.isnan(evidence.rows.champion))
        if not len(rows):
            return self.result("cannot_tell", "the champion has no score of rows that it was not trained on", **told)
        shift = rows.candidate - rows.champion
        moved, signed = measure_mean(np.abs(shift), rows.day), measure_mean(shift, rows.day)
        verdict, words = hold(moved, "at most", self.at_most, self.judged_by)
        side = "higher" if signed.value > 0 else "lower"
        sentence = (
            f"scores differ from the champion's by {moved} on average; {words}; "
            f"on the whole they are {abs(signed.value):.4f} {side}"
        )
        details = {"mean_shift": {"value": signed.value, "low": signed.low, "high": signed.high}}
        return self.result(verdict, sentence, moved, rows=len(rows), details=details, **told)
