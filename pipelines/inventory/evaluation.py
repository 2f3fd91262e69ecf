"""One evaluation: the verdict, every gate with its interval, and the curves against the champion's."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

from pipelines.approval import approval_of
from pipelines.errors import MissingInput
from pipelines.gates.evaluation import Evaluation, digest_of_gates
from pipelines.gates.evaluations import evaluated_versions, read_evaluation
from pipelines.gates.gate import GateResult, Verdict
from pipelines.interval import parse_time
from pipelines.layout import evaluation_curves, evaluation_page
from pipelines.report.evaluation_page import passing_side
from pipelines.report.intervals import Side
from pipelines.report.tree import NOBODY_ASKED
from pipelines.spec import ModelSpec
from pipelines.spec_words import Strict
from pipelines.store import Store


class GateShown(Strict):
    kind: str
    metric: str
    verdict: Verdict
    stops: bool
    sentence: str
    value: float | None
    low: float | None
    high: float | None
    bound: float | None
    passes: Literal["above", "below"] | None
    rows: int
    slices: list[dict[str, Any]]


class CurveShown(Strict):
    title: str
    summary: str
    x_label: str
    y_label: str
    lines: dict[str, list[tuple[float, float]]]
    chance: list[tuple[float, float]]
    chance_label: str
    marked: bool
    rows: dict[str, int]


class EvaluationPage(Strict):
    """metrics: by whose scores, by metric. document: path of the whole page, below the store."""

    model: str
    version: int
    as_of: datetime
    verdict: Verdict
    sentence: str
    against: int | None
    attempt: int
    window: tuple[str, str]
    rows: int
    champion_rows: int
    gates: list[GateShown]
    metrics: dict[str, dict[str, dict[str, float | None]]]
    curves: list[CurveShown]
    approval: str
    document: str | None


def evaluation_shown(store: Store, spec: ModelSpec, version: int) -> EvaluationPage:
    """Raises MissingInput, with the versions there are, where the version was not evaluated."""
    judged = read_evaluation(store, spec.name, version)
    if judged is None:
        known = ", ".join(f"v{one}" for one in evaluated_versions(store, spec.name)) or "none"
        raise MissingInput(f"{spec.name}: version {version} was not evaluated; evaluated: {known}.")
    answer = approval_of(store, spec.name, version, judged.digest)
    page = evaluation_page(spec.name, version)
    return EvaluationPage(
        model=spec.name,
        version=version,
        as_of=parse_time(judged.as_of),
        verdict=judged.verdict,
        sentence=judged.sentence,
        against=judged.champion_version,
        attempt=judged.attempt,
        window=judged.window,
        rows=judged.rows,
        champion_rows=judged.champion_rows,
        gates=[_gate(result, side) for result, side in zip(judged.gates, _sides(spec, judged), strict=True)],
        metrics={who: {name: asdict(one) for name, one in of.items()} for who, of in judged.metrics.items()},
        curves=_curves(store, spec.name, version),
        approval=answer.sentence if answer else NOBODY_ASKED,
        document=page if store.exists(page) else None,
    )


def _sides(spec: ModelSpec, judged: Evaluation) -> list[Side | None]:
    """On which side of its bound each gate passes; nothing where the spec has other gates by now."""
    if digest_of_gates(spec.gates) != judged.gates_digest:
        return [None] * len(judged.gates)
    return [passing_side(gate, result) for gate, result in zip(spec.gates, judged.gates, strict=True)]


def _gate(result: GateResult, side: Side | None) -> GateShown:
    told = asdict(result)
    kept = {name: told[name] for name in GateShown.model_fields if name in told}
    return GateShown(**kept, passes=side, slices=_slices(result))


def _slices(result: GateResult) -> list[dict[str, Any]]:
    """Worst first: their values are gains."""
    found: list[dict[str, Any]] = result.details.get("slices", [])
    return sorted(found, key=lambda one: (one.get("value") is None, one.get("value") or 0.0))


def _curves(store: Store, model: str, version: int) -> list[CurveShown]:
    """Nothing for an evaluation from before they were kept: the whole page draws them."""
    path = evaluation_curves(model, version)
    if not store.exists(path):
        return []
    return TypeAdapter(list[CurveShown]).validate_json(store.read_file(path))
