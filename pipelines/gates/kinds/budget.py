"""What serving and training the model may cost: against numbers, and against the champion."""

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from pipelines.gates.gate import Gate, GateResult, Verdict

if TYPE_CHECKING:
    from pipelines.gates.evidence import Evidence

Bound = Annotated[float | None, Field(gt=0)]
# What is measured, with the unit that a sentence names; the field of a bound is the name of the cost and the direction.
UNITS = {
    "p50_ms": "ms",
    "p99_ms": "ms",
    "rows_per_s": "rows/s",
    "model_mb": "MiB",
    "peak_memory_mb": "MiB",
    "training_cpu_s": "CPU s",
}


class Limit(NamedTuple):
    """cost: a name of UNITS; ratio: whether the limit is on the candidate's cost divided by the champion's."""

    cost: str
    ratio: bool
    at_least: bool
    bound: float


class Budget(Gate):
    """Every cost that is named keeps its limit. A ratio is of the candidate's cost to the champion's; without a
    champion none is asked.

    Latency is one row's, encoding included; model and memory are in MiB, memory above that of a process without
    the model; training costs the CPU seconds of the train step.
    """

    needs = frozenset({"features", "serving"})

    kind: Literal["budget"]
    p50_ms_at_most: Bound = None
    p99_ms_at_most: Bound = None
    rows_per_s_at_least: Bound = None
    model_mb_at_most: Bound = None
    peak_memory_mb_at_most: Bound = None
    training_cpu_s_at_most: Bound = None
    p50_ratio_at_most: Bound = None
    p99_ratio_at_most: Bound = None
    rows_per_s_ratio_at_least: Bound = None
    model_ratio_at_most: Bound = None
    peak_memory_ratio_at_most: Bound = None
    training_cpu_ratio_at_most: Bound = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if not self.limits:
            names = ", ".join(name for name in type(self).model_fields if "_at_" in name)
            raise ValueError(f"needs at least one limit: {names}")
        return self

    @property
    def limits(self) -> list[Limit]:
        found = []
        for name in type(self).model_fields:
            bound = getattr(self, name)
            if "_at_" in name and bound is not None:
                what, direction = name.split("_at_")
                stem = what.removesuffix("_ratio")
                cost = next(known for known in UNITS if known.startswith(stem))
                found.append(Limit(cost, what != stem, direction == "least", bound))
        return found

    @property
    def subject(self) -> str:
        return ", ".join(dict.fromkeys(limit.cost for limit in self.limits))

    def judge(self, evidence: "Evidence") -> GateResult:
        costs = _costs(evidence)
        broken: list[str] = []
        untold: list[str] = []
        kept: list[str] = []
        for limit in self.limits:
            if limit.ratio and evidence.champion is None:
                continue
            mine, theirs = costs["candidate"].get(limit.cost), costs["champion"].get(limit.cost)
            if mine is None:
                untold.append(f"{limit.cost} was not measured")
            elif limit.ratio and not theirs:
                untold.append(f"{limit.cost} of the champion {'was not measured' if theirs is None else 'is 0'}")
            else:
                value = mine / theirs if limit.ratio and theirs else mine
                (kept if _keeps(limit, value) else broken).append(_said(limit, value))
        verdict: Verdict = "fail" if broken else "cannot_tell" if untold else "pass"
        told = broken + untold or kept or ["no champion is in force yet: there is none to compare with"]
        return self.result(verdict, "; ".join(told), timed=True, details={"costs": costs})


def _costs(evidence: "Evidence") -> dict[str, dict[str, float]]:
    """By whose they are, then by name; what was not measured is left out."""
    assert evidence.serving is not None  # what a gate needs is gathered
    costs = {}
    for who, probe in (("candidate", evidence.serving.candidate), ("champion", evidence.serving.champion)):
        measured, trained = (probe.measured, probe.training_cpu_s) if probe is not None else (None, None)
        found = {name: getattr(measured, name, None) for name in UNITS} | {"training_cpu_s": trained}
        costs[who] = {name: value for name, value in found.items() if value is not None}
    return costs


def _keeps(limit: Limit, value: float) -> bool:
    return value >= limit.bound if limit.at_least else value <= limit.bound


def _said(limit: Limit, value: float) -> str:
    asked = f"at {'least' if limit.at_least else 'most'} {limit.bound:g}"
    if limit.ratio:
        return f"{limit.cost} is {value:.2f} times the champion's, {asked} times is asked"
    return f"{limit.cost} is {value:.4g} {UNITS[limit.cost]}, {asked} is asked"
