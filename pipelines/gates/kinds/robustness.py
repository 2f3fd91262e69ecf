"""How much a fault in the features costs, and how far it moves the predictions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import Gate, GateResult
from pipelines.spec_words import HIGHER_IS_BETTER, Metric, Strict

if TYPE_CHECKING:
    import pandas as pd

    from pipelines.features import FeatureView
    from pipelines.gates.evidence import Evidence

FAULTS = ("missing", "scale", "clock_shift", "unseen_category")


class Scale(Strict):
    """factor * value + offset, as when °C comes for °F."""

    column: str
    factor: float = 1.0
    offset: float = 0.0


class ClockShift(Strict):
    """The column holds an hour of the day, 0 to 23."""

    column: str
    hours: int = Field(ge=-23, le=23)


class Perturbation(Strict):
    """One fault, in every row, and what it may do at most."""

    name: str = Field(min_length=1)
    missing: list[str] | None = Field(default=None, min_length=1, description="Feature views or features to be null.")
    scale: Scale | None = None
    clock_shift: ClockShift | None = None
    unseen_category: str | None = None
    loss_at_most: float = Field(gt=0, description="In the gate's metric, in whichever direction is worse.")
    shift_at_most: float = Field(gt=0, description="Mean absolute change of the predictions.")

    @model_validator(mode="after")
    def _is_one_fault(self) -> Self:
        given = [name for name in FAULTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(FAULTS)} (got {', '.join(given) or 'none'})")
        return self

    @property
    def numbers(self) -> list[str]:
        """The features whose values it computes with."""
        return [found.column for found in (self.scale, self.clock_shift) if found is not None]

    def applied(self, features: "pd.DataFrame", columns_of_view: dict[str, list[str]]) -> "pd.DataFrame":
        """The rows with the fault."""
        from pipelines.gates import perturbations

        if self.missing is not None:
            columns = [column for name in self.missing for column in columns_of_view.get(name, [name])]
            return perturbations.without(features, columns)
        if self.scale is not None:
            return perturbations.scaled(features, self.scale.column, self.scale.factor, self.scale.offset)
        if self.clock_shift is not None:
            return perturbations.clock_shifted(features, self.clock_shift.column, self.clock_shift.hours)
        return perturbations.unseen(features, str(self.unseen_category))


class Robustness(Gate):
    """Every perturbation keeps both of its bounds, on the newest held-out rows and the model that never saw them.

    A unit bug is invisible to a metric that ranks: the shift of the predictions shows it.
    """

    needs = frozenset({"features", "evaluated"})

    kind: Literal["robustness"]
    metric: Metric
    perturbations: list[Perturbation] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [perturbation.name for perturbation in self.perturbations]
        if len(set(names)) < len(names):
            raise ValueError(f"perturbations must have different names (got {', '.join(names)})")
        return self

    @property
    def metrics(self) -> list[Metric]:
        return [self.metric]

    @property
    def feature_columns(self) -> list[str]:
        categories = [one.unseen_category for one in self.perturbations if one.unseen_category is not None]
        return list(dict.fromkeys([*categories, *(name for one in self.perturbations for name in one.numbers)]))

    def misfit(self, views: "Sequence[FeatureView]") -> str | None:
        features = {feature.name: feature for view in views for feature in view.features}
        for one in self.perturbations:
            for name in one.missing or []:
                if name not in features and name not in {view.name for view in views}:
                    known = ", ".join(view.name for view in views)
                    return f"'{one.name}' misses '{name}', which is no feature and no view; views: {known}"
            for name in one.numbers:
                if features[name].dtype == "category":
                    return f"'{one.name}' computes with '{name}', which is a category"
            if one.unseen_category is not None and features[one.unseen_category].dtype != "category":
                return f"'{one.name}' puts an unseen category into '{one.unseen_category}', which is a number"
        return None

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.features import declared_views

        views = {view.name: view.columns() for view in declared_views(evidence.spec.dataset)}
        found = {one.name: _effect(one, self.metric, evidence, views) for one in self.perturbations}
        name, worst = max(found.items(), key=lambda item: max(_shares(item[1])))
        by = "loss" if _shares(worst)[0] >= _shares(worst)[1] else "shift"
        broken = [name for name, effect in found.items() if effect["verdict"] == "fail"]
        sentence = (
            f"{'too much is' if broken else 'most is'} done by {name}: {self.metric} loses {worst['loss']:.4f} "
            f"(at most {worst['loss_at_most']:g}), predictions move by {worst['shift']:.4f} "
            f"(at most {worst['shift_at_most']:g})"
        )
        also = [one for one in broken if one != name]
        return self.result(
            "fail" if broken else "pass",
            sentence + (f"; too much also by {', '.join(also)}" if also else ""),
            value=worst[by],
            bound=worst[f"{by}_at_most"],
            rows=len(evidence.rows),
            details={"perturbations": found},
        )


def _effect(
    fault: Perturbation, metric: Metric, evidence: "Evidence", columns_of_view: dict[str, list[str]]
) -> dict[str, Any]:
    """Loss and shift beside their bounds."""
    import numpy as np

    from pipelines.metrics import measure

    rows, model = evidence.rows, evidence.evaluated
    assert model is not None  # what a gate needs is gathered
    before, after = model.score(rows.features), model.score(fault.applied(rows.features, columns_of_view))
    clean, faulty = (measure(metric, rows.label, scores, rows.day).value for scores in (before, after))
    loss = clean - faulty if metric in HIGHER_IS_BETTER else faulty - clean
    shift = float(np.abs(after - before).mean())
    effect = {"loss": loss, "loss_at_most": fault.loss_at_most, "shift": shift, "shift_at_most": fault.shift_at_most}
    return {"verdict": "fail" if max(_shares(effect)) > 1 else "pass", **effect}


def _shares(effect: dict[str, Any]) -> tuple[float, float]:
    """Loss and shift, each as a share of its bound."""
    return effect["loss"] / effect["loss_at_most"], effect["shift"] / effect["shift_at_most"]
