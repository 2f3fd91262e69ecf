"""Whether the candidate's probabilities can be taken at their word."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult, Judged
from pipelines.spec_words import Task

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence, Scored

ALSO = {"isotonic": "isotonic regression", "sigmoid": "a sigmoid"}


class Calibration(Gate):
    """The expected calibration error does not exceed a number."""

    kind: Literal["calibration"]
    ece_at_most: float = Field(gt=0, lt=1)
    judged_by: Judged = "point"

    @property
    def task(self) -> Task:
        return "classification"

    @property
    def subject(self) -> str:
        return "ece"

    def judge(self, evidence: "Evidence") -> GateResult:
        """A candidate that fails is also judged recalibrated: is it the scale that is wrong, or the knowledge?"""
        from pipelines.gates.bound import hold
        from pipelines.gates.reliability import reliability_of

        rows = evidence.rows
        found = reliability_of(evidence.on_device(rows.label), evidence.on_device(rows.candidate), rows.day)
        verdict, words = hold(found.ece, "at most", self.ece_at_most, self.judged_by)
        others = self._recalibrated(rows)
        sentence = f"ece is {found.ece}; {words}"
        if verdict != "pass":
            sentence += _remedy(others)
        curve = [dict(zip(("predicted", "observed", "share"), one, strict=True)) for one in found.curve]
        parts = {name: value for name, value in asdict(found).items() if name not in ("ece", "curve")}
        details = {**parts, "recalibrated": others, "curve": curve}
        return self.result(verdict, sentence, found.ece, bound=self.ece_at_most, rows=len(rows), details=details)

    def _recalibrated(self, rows: "Scored") -> dict[str, dict[str, Any]]:
        """By method: its error as value, low and high, its Brier score, and the verdict it would get."""
        from pipelines.gates.bound import hold
        from pipelines.gates.recalibration import METHODS, recalibrated
        from pipelines.gates.reliability import reliability_of

        judged: dict[str, dict[str, Any]] = {}
        for method in METHODS:
            scores = recalibrated(rows.label, rows.candidate, rows.day, method)
            if scores is not None:
                found = reliability_of(rows.label, scores, rows.day)
                verdict, _ = hold(found.ece, "at most", self.ece_at_most, self.judged_by)
                judged[method] = {**asdict(found.ece), "brier": found.brier, "verdict": verdict}
        return judged


def _remedy(others: dict[str, dict[str, Any]]) -> str:
    """What recalibrating would do, best method first."""
    if not others:
        return "; too few days of both classes to say whether recalibrating would help"
    best = min(others, key=lambda method: others[method]["value"])
    told = f"recalibrated by {ALSO[best]} on the other days it would be {others[best]['value']:.4f}"
    return f"; {told} and pass" if others[best]["verdict"] == "pass" else f"; even {told} and not pass"
