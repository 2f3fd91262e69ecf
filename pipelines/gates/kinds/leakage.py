"""No feature alone tells the label: one that does has seen it."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from pipelines.gates.gate import Gate, GateResult

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pipelines.gates.evidence import Evidence

SHOWN = 5


class Leakage(Gate):
    """The strongest single feature stays below a bound, on the newest held-out rows.

    Classification: the AUC of the feature alone, in whichever direction. Regression: |Spearman's rank correlation|.
    A category counts as the mean label that its value has on other days (days are split in two halves, each
    encoded by the other). That a value is missing is held to the same bound.
    """

    needs = frozenset({"features"})

    kind: Literal["leakage"]
    at_most: float = Field(gt=0, le=1)
    min_rows: int = Field(default=300, ge=2, description="A feature known in fewer rows than this is left out.")

    @property
    def subject(self) -> str:
        return "features"

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.training_set import feature_names

        rows, binary = evidence.rows, evidence.spec.target.task == "classification"
        strengths = {
            name: _strength(rows.features[name], rows.label, rows.day, binary, self.min_rows)
            for name in feature_names(evidence.spec)
        }
        known = sorted((value, name) for name, value in strengths.items() if value is not None)[::-1]
        measure = "AUC" if binary else "rank correlation"
        if not known:
            return self.result("cannot_tell", f"no feature is known in {self.min_rows} rows", rows=len(rows))
        strongest, name = known[0]
        leaking = [f"{feature} ({value:.3f})" for value, feature in known if value > self.at_most]
        found = f"alone tell{'' if len(leaking) > 1 else 's'} the label" if leaking else "is the strongest alone"
        who = ", ".join(leaking) if leaking else f"{name} ({strongest:.3f})"
        sentence = f"{who} {found}, by {measure}; at most {self.at_most:g} is asked of each"
        return self.result(
            "fail" if leaking else "pass",
            sentence,
            value=strongest,
            bound=self.at_most,
            rows=len(rows),
            details={"strongest": {feature: {"value": value} for value, feature in known[:SHOWN]}},
        )


def _strength(values: "pd.Series", label: "np.ndarray", day: "np.ndarray", binary: bool, min_rows: int) -> float | None:
    """Of the known values, or of their being known, whichever tells more; None when neither can be measured."""
    from pandas.api.types import is_numeric_dtype

    known = values.notna().to_numpy()
    numbers = values if is_numeric_dtype(values) else _mean_label_of_other_days(values, label, day)
    candidates = [(numbers.to_numpy(dtype="float64")[known], label[known]), (known.astype("float64"), label)]
    found = [_separation(told, told_of, binary) for told, told_of in candidates if len(told) >= min_rows]
    return max((value for value in found if value is not None), default=None)


def _separation(values: "np.ndarray", label: "np.ndarray", binary: bool) -> float | None:
    """AUC folded into [0.5, 1], or |Spearman| in [0, 1]; None where the label or the value is constant."""
    import numpy as np
    import pandas as pd

    from pipelines.metrics import placements

    if len(np.unique(label)) < 2 or len(np.unique(values)) < 2:
        return None
    if binary:
        auc = placements(label, values)[0]
        return max(auc, 1 - auc)
    ranks, order = pd.Series(values).rank().to_numpy(), pd.Series(label).rank().to_numpy()
    return abs(float(np.corrcoef(ranks, order)[0, 1]))


def _mean_label_of_other_days(values: "pd.Series", label: "np.ndarray", day: "np.ndarray") -> "pd.Series":
    """A value that the other half of the days does not have counts as their mean; shape (n,)."""
    import numpy as np
    import pandas as pd

    half = np.unique(day, return_inverse=True)[1] % 2
    encoded = pd.Series(0.0, index=values.index)
    for mine in (0, 1):
        other = half != mine
        means = pd.Series(label[other]).groupby(values.to_numpy()[other]).mean()
        if other.any():
            encoded[~other] = values[~other].map(means).astype("float64").fillna(label[other].mean())
    return encoded
