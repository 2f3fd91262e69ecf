"""The model as whoever serves it finds it: signature, answers, and a load that unpickles nothing."""

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import Gate, GateResult

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence
    from pipelines.gates.serving_probe import Measurements


class Contract(Gate):
    """The registered model keeps what a caller relies on, in a fresh process that may not unpickle."""

    needs = frozenset({"features", "serving"})

    kind: Literal["contract"]
    tolerance: float = Field(default=1e-6, ge=0, description="Between a row's score in a batch and alone.")
    range: list[float] | None = Field(
        default=None, min_length=2, max_length=2, description="Lowest and highest value of a regression's predictions."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError(f"range must be [lowest, highest] (got {self.range})")
        return self

    @property
    def subject(self) -> str:
        return "the served model"

    def judge(self, evidence: "Evidence") -> GateResult:
        from pipelines.gates.serving import Unmeasured
        from pipelines.training_set import feature_names

        assert evidence.serving is not None  # what a gate needs is gathered
        probe = evidence.serving.candidate
        if isinstance(probe.measured, Unmeasured):
            if probe.measured.timed_out:
                return self.result("cannot_tell", f"in a fresh process {probe.measured.why}: a slow model, or machine")
            sentence = f"it does not load and score in a fresh process that may not unpickle: {probe.measured.why}"
            return self.result("fail", sentence, details={"broken": [sentence]})
        task = evidence.spec.target.task
        allowed = [0.0, 1.0] if task == "classification" else self.range
        broken = _broken(probe.measured, feature_names(evidence.spec), allowed, self.tolerance)
        if probe.measured.model_digest != probe.model_digest:
            broken.append("the registered file is not the one that the training made")
        kept = f"it loads without unpickling and scores {probe.measured.rows:,} rows alike: together, again, one by one"
        return self.result(
            "fail" if broken else "pass",
            "; ".join(broken) or kept,
            rows=probe.measured.rows,
            details={"broken": broken},
        )


def _broken(measured: "Measurements", declared: list[str], allowed: list[float] | None, tolerance: float) -> list[str]:
    """A sentence for each thing that does not hold."""
    broken = _signature_difference(measured.columns, declared)
    if not measured.finite:
        broken.append("some predictions are not finite")
    elif allowed is not None and not allowed[0] <= measured.lowest <= measured.highest <= allowed[1]:
        found = f"{measured.lowest:.6g} to {measured.highest:.6g}"
        broken.append(f"predictions go from {found}, allowed are {allowed[0]:g} to {allowed[1]:g}")
    if len(set(measured.batches)) > 1:
        broken.append("the same rows scored twice give other bytes")
    if measured.finite and measured.batch_gap > tolerance:
        broken.append(f"a row scored alone differs from its batch by {measured.batch_gap:.3g}, over {tolerance:g}")
    return broken


def _signature_difference(columns: list[str], declared: list[str]) -> list[str]:
    lacking = [name for name in declared if name not in columns]
    unknown = [name for name in columns if name not in declared]
    said = [f"the signature lacks {', '.join(lacking)}"] if lacking else []
    said += [f"the signature asks for {', '.join(unknown)}, which the spec does not declare"] if unknown else []
    if not said and columns != declared:
        return ["the signature has the declared features in another order, or one of them twice"]
    return said
