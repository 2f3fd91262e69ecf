"""The page of an evaluation: the verdict, each gate with its evidence drawn, and what changed since the champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.champions import Champion
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evidence import Scored
from pipelines.gates.gate import Gate, GateResult
from pipelines.metrics import Measured
from pipelines.release.differences import Change
from pipelines.report.charts import chart
from pipelines.report.curves import Curve, curves
from pipelines.report.gate_details import Detail, details_of
from pipelines.report.intervals import IntervalPicture, Side, picture, shared_scale
from pipelines.report.pages import render
from pipelines.report.scales import Scale, declared, in_words, is_known, shown, spaced, span
from pipelines.spec import ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER

# What a gate calls its bound says on which side of it a value passes; a comparison counts better as positive.
ABOVE = ("at_least", "not_worse_by", "better_by")
BELOW = ("at_most",)


@dataclass(frozen=True)
class GateRow:
    """One gate as the page shows it. silent: it did not pass, and the spec lets that only be reported; level: of
    the interval, where it is not the usual one."""

    kind: str
    subject: str
    verdict: str
    silent: bool
    sentence: str
    value: str
    interval: str
    level: str
    bound: str
    rows: str
    picture: IntervalPicture | None
    details: list[Detail]


@dataclass(frozen=True)
class MetricRow:
    who: str
    value: str
    interval: str
    picture: IntervalPicture | None


@dataclass(frozen=True)
class MetricCard:
    """better: higher or lower; ticks: of the scale that the rows' pictures share."""

    name: str
    better: str
    rows: list[MetricRow]
    ticks: list[tuple[float, str]]


def page_of(
    spec: ModelSpec, judged: Evaluation, drawn: Sequence[Curve], champion: Champion | None, changes: Sequence[Change]
) -> str:
    """One self-contained HTML file.

    drawn: of the newest held-out window; changes: from the champion to the candidate.
    """
    names = _names(judged)
    return render(
        "evaluation.html",
        evaluation=judged,
        spec=spec,
        champion=champion,
        next=what_next(spec, judged),
        gates=[gate_row(gate, result) for gate, result in zip(spec.gates, judged.gates, strict=True)],
        metrics=metric_cards(judged, names),
        charts=[chart(curve, names) for curve in drawn],
        changes=by_group(changes),
        shown=shown,
    )


def curves_of(spec: ModelSpec, rows: Scored) -> list[Curve]:
    return curves(rows, spec.target.task, "" if spec.target.at_least is not None else spec.target.column)


def what_next(spec: ModelSpec, judged: Evaluation) -> str:
    """What this verdict leads to, as a sentence."""
    in_force = (
        f"champion {judged.champion_version} stays in force"
        if judged.champion_version is not None
        else "there is no champion yet, so nothing is in force"
    )
    if judged.verdict == "fail":
        return f"It is not promoted: {in_force}."
    if judged.verdict == "cannot_tell":
        return f"Not being able to tell is no reason to promote: {in_force}."
    asked = spec.approval is not None and spec.approval.required
    return "It may be promoted, once a person has approved it." if asked else "It may be promoted."


def gate_row(gate: Gate, result: GateResult) -> GateRow:
    name, side = f"{result.kind} on {result.metric}", passing_side(gate, result)
    sign = {"above": "≥ ", "below": "≤ ", None: ""}[side]
    return GateRow(
        kind=spaced(result.kind),
        subject=result.metric,
        verdict=result.verdict,
        silent=result.verdict != "pass" and not result.stops,
        sentence=result.sentence,
        value=shown(result.value),
        interval=span(result.low, result.high),
        level=_level(result),
        bound=f"{sign}{declared(result.bound)}" if is_known(result.bound) else declared(None),
        rows=shown(result.rows or None),
        picture=picture(name, result.value, result.low, result.high, bound=result.bound, passing=side),
        details=details_of(result, side),
    )


def _level(result: GateResult) -> str:
    """The interval's, where the gate has chosen one: repeated attempts spend an error budget."""
    level = result.details.get("confidence")
    return f"{100 * level:.3g} %" if is_known(level) else ""


def passing_side(gate: Gate, result: GateResult) -> Side | None:
    """On which side of its bound a value passes: as the gate's field names it, else as the verdict shows."""
    fields = type(gate).model_fields
    above, below = (any(name.endswith(ending) for name in fields) for ending in (ABOVE, BELOW))
    if above != below:
        return "above" if above else "below"
    if result.value is None or result.bound is None or result.verdict == "cannot_tell" or result.value == result.bound:
        return None
    return "above" if (result.value > result.bound) == (result.verdict == "pass") else "below"


def metric_cards(judged: Evaluation, names: dict[str, str]) -> list[MetricCard]:
    """Everybody's value of each metric, on one scale."""
    cards = []
    for metric in judged.metrics["candidate"]:
        known = {names[who]: judged.metrics[who][metric] for who in names if metric in judged.metrics.get(who, {})}
        scale = shared_scale([end for one in known.values() for end in (one.value, one.low, one.high)])
        cards.append(
            MetricCard(
                name=spaced(metric),
                better="higher" if metric in HIGHER_IS_BETTER else "lower",
                rows=[_metric_row(who, metric, one, scale) for who, one in known.items()],
                ticks=scale.ticks(4) if scale else [],
            )
        )
    return cards


def _metric_row(who: str, metric: str, one: Measured, scale: Scale | None) -> MetricRow:
    drawn = picture(f"{metric} of {who}", one.value, one.low, one.high, shared=scale) if scale else None
    return MetricRow(who, shown(one.value), span(one.low, one.high), drawn)


def _names(judged: Evaluation) -> dict[str, str]:
    """What everybody who scored is called; the candidate first, then the champion, then the baselines."""
    called = {"candidate": f"candidate {judged.version}", "champion": f"champion {judged.champion_version}"}
    return called | {who: spaced(who) for who in judged.metrics if who not in called}


def by_group(changes: Sequence[Change]) -> dict[str, list[tuple[str, str, str]]]:
    """By group, in the order given: (key, before, after) in words. Metrics have their own place on the page."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for change in (one for one in changes if one.group != "metrics"):
        groups.setdefault(change.group, []).append((change.key, _said(change.before), _said(change.after)))
    return groups


def _said(value: Any) -> str:
    """A parameter is said as it is declared, not to four digits."""
    return declared(value) if isinstance(value, float) else in_words(value)
