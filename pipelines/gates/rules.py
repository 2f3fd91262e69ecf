"""One gate, one rule: pass or fail, with the evidence and a sentence a person can read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch
from typing import Literal

import numpy as np

from pipelines.metrics import Measured, difference, measure
from pipelines.spec import HIGHER_IS_BETTER, Ceiling, Floor, Gate, Metric, VersusBaseline, VersusChampion

Verdict = Literal["pass", "fail"]


@dataclass(frozen=True)
class Evidence:
    """Held-out rows with everybody's scores, all of shape (n,).

    champion: None where none is in force. comparable: rows that the champion was not trained on.
    """

    label: np.ndarray
    day: np.ndarray
    candidate: np.ndarray
    baselines: dict[str, np.ndarray]
    champion: np.ndarray | None
    comparable: np.ndarray


@dataclass(frozen=True)
class GateResult:
    """value with its 95 % interval, what it was held against, and n rows."""

    kind: str
    metric: str
    verdict: Verdict
    sentence: str
    value: float | None
    low: float | None
    high: float | None
    bound: float
    rows: int


@singledispatch
def judge(gate: Gate, evidence: Evidence) -> GateResult:
    """Hold the evidence to one gate."""
    raise NotImplementedError(f"no rule for {type(gate).__name__}")


@judge.register
def _floor(gate: Floor, evidence: Evidence) -> GateResult:
    measured = measure(gate.metric, evidence.label, evidence.candidate, evidence.day)
    return _bounded(gate.kind, gate.metric, measured, gate.at_least, lambda value, bound: value >= bound, evidence)


@judge.register
def _ceiling(gate: Ceiling, evidence: Evidence) -> GateResult:
    measured = measure(gate.metric, evidence.label, evidence.candidate, evidence.day)
    return _bounded(gate.kind, gate.metric, measured, gate.at_most, lambda value, bound: value <= bound, evidence)


@judge.register
def _versus_baseline(gate: VersusBaseline, evidence: Evidence) -> GateResult:
    gain = _gain(gate.metric, evidence, evidence.baselines[gate.baseline], np.ones(len(evidence.label), bool))
    verdict: Verdict = "pass" if gain.value > gate.better_by else "fail"
    sentence = (
        f"{gate.metric} is better than {gate.baseline}'s by {_number(gain)}; more than {gate.better_by:g} is asked"
    )
    return _result(gate.kind, gate.metric, verdict, sentence, gain, gate.better_by, len(evidence.label))


@judge.register
def _versus_champion(gate: VersusChampion, evidence: Evidence) -> GateResult:
    if evidence.champion is None:
        sentence = "no champion is in force yet: the other gates decide"
        return _result(gate.kind, gate.metric, "pass", sentence, None, -gate.not_worse_by, 0)
    rows = evidence.comparable
    if not rows.any() or (gate.metric in HIGHER_IS_BETTER and len(np.unique(evidence.label[rows])) < 2):
        sentence = "too few held-out rows are left that the champion was not trained on: nothing fair to compare"
        return _result(gate.kind, gate.metric, "fail", sentence, None, -gate.not_worse_by, int(rows.sum()))
    gain = _gain(gate.metric, evidence, evidence.champion, rows)
    verdict: Verdict = "pass" if gain.value >= -gate.not_worse_by else "fail"
    sentence = (
        f"{gate.metric} against the champion's, better is positive: {_number(gain)}; "
        f"a loss of up to {gate.not_worse_by:g} is allowed"
    )
    return _result(gate.kind, gate.metric, verdict, sentence, gain, -gate.not_worse_by, int(rows.sum()))


def _gain(metric: Metric, evidence: Evidence, other: np.ndarray, rows: np.ndarray) -> Measured:
    """By how much the candidate is better, whichever direction is better."""
    gap = difference(metric, evidence.label[rows], evidence.candidate[rows], other[rows], evidence.day[rows])
    if metric in HIGHER_IS_BETTER:
        return gap
    return Measured(-gap.value, None if gap.high is None else -gap.high, None if gap.low is None else -gap.low)


def _bounded(
    kind: str,
    metric: Metric,
    measured: Measured,
    bound: float,
    holds: Callable[[float, float], bool],
    evidence: Evidence,
) -> GateResult:
    verdict: Verdict = "pass" if holds(measured.value, bound) else "fail"
    asked = "at least" if kind == "floor" else "at most"
    sentence = f"{metric} is {_number(measured)}; {asked} {bound:g} is asked"
    return _result(kind, metric, verdict, sentence, measured, bound, len(evidence.label))


def _number(measured: Measured) -> str:
    interval = "" if measured.low is None else f" [{measured.low:.4f}, {measured.high:.4f}]"
    return f"{measured.value:.4f}{interval}"


def _result(
    kind: str, metric: str, verdict: Verdict, sentence: str, measured: Measured | None, bound: float, rows: int
) -> GateResult:
    value, low, high = (measured.value, measured.low, measured.high) if measured else (None, None, None)
    return GateResult(kind, metric, verdict, sentence, value, low, high, bound, rows)
