"""How old the newest row is that the candidate learned from."""

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence


class Staleness(Gate):
    """The training data ends less than some days before the as-of time.

    It ends with the newest row whose label the registered model was fitted on, which is the newest held-out
    row: a partition that is there but holds only its first days, or no labels, is found as well as one that
    is not there.
    """

    kind: Literal["staleness"]
    within_days: float = Field(gt=0)

    @property
    def subject(self) -> str:
        return "training data"

    def judge(self, evidence: "Evidence") -> GateResult:
        import pandas as pd

        newest = pd.Timestamp(evidence.rows.at.max())
        newest = newest.tz_localize("UTC") if newest.tzinfo is None else newest
        age_days = (evidence.as_of - newest) / timedelta(days=1)
        sentence = (
            f"the newest labelled row is of {newest:%F}, {age_days:.1f} days before {evidence.as_of:%F}; "
            f"less than {self.within_days:g} is asked"
        )
        rest = {"value": age_days, "bound": self.within_days, "rows": len(evidence.rows)}
        return self.result("pass" if age_days < self.within_days else "fail", sentence, **rest)
