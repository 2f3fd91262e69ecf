"""The model card of a release, from its record and whether it was withdrawn since.

Mitchell et al. 2019, Model Cards for Model Reporting.
"""

from dataclasses import dataclass
from typing import Any

from pipelines.champions import Withdrawal
from pipelines.gates.gate import GateResult
from pipelines.release.record import Figure, ReleaseRecord
from pipelines.report.pages import render
from pipelines.report.tree import approval_of, code_of

# Kinds of gates that say for whom and under what the model is worse; a card names these even when they pass.
LIMITS = ("slices", "robustness", "prediction_shift", "calibration", "staleness")


@dataclass(frozen=True)
class Card:
    """What both forms of the card show. warning: that it was withdrawn, empty if not. about: facts by name.
    metrics: by whose scores, a text for each name of `metric_names`. limits: a sentence each."""

    model: str
    version: int
    warning: str
    description: str
    about: dict[str, str]
    features: list[str]
    metric_names: list[str]
    metrics: dict[str, list[str]]
    held_out: str
    gates: list[GateResult]
    limits: list[str]
    fairness: list[str]
    made_by: dict[str, str]
    commands: dict[str, str]


def card(record: ReleaseRecord, gone: Withdrawal | None = None) -> Card:
    """The content of a release's card. gone: its withdrawal, which the record, sealed before it, cannot tell."""
    spec, data, judged = record.spec, record.data, record.evaluation
    names = list(judged.metrics["candidate"])
    return Card(
        model=record.model,
        version=record.version,
        warning=_warning(gone),
        description=spec["description"],
        about={
            "Owner": spec["owner"],
            "Predicts": _target(spec["target"]),
            "Status": _status(record, gone),
            "Approval": approval_of(record.approval),
            "Data": f"{spec['dataset']}, {data.first} to {data.last}, {data.rows:,} rows from "
            f"{record.dataset.spec['source']}; training set {data.training_set[:12]}",
            "As of": f"{record.as_of[:10]}, UTC",
        },
        features=record.features.names,
        metric_names=names,
        metrics={who: [_figure(of.get(name)) for name in names] for who, of in judged.metrics.items()},
        held_out=f"{judged.rows:,} rows from {judged.window[0][:10]} to before {judged.window[1][:10]}",
        gates=judged.gates,
        limits=[_limit(gate) for gate in judged.gates if gate.kind in LIMITS or gate.verdict != "pass"],
        fairness=[gate.sentence for gate in judged.gates if gate.kind.startswith("fairness")],
        made_by=_made_by(record),
        commands=_commands(record),
    )


def as_html(found: Card) -> str:
    """One self-contained file."""
    return render("card.html", card=found)


def as_markdown(found: Card) -> str:
    return render("card.md", card=found)


def _target(target: dict[str, Any]) -> str:
    if target["at_least"] is None:
        return f"{target['column']} ({target['task']})"
    return f"whether {target['column']} is at least {target['at_least']:g} ({target['task']})"


def _warning(gone: Withdrawal | None) -> str:
    if gone is None:
        return ""
    return f"Withdrawn by {gone.by}: {gone.reason}. Not in force since {gone.since:%F}, and never to be promoted again."


def _status(record: ReleaseRecord, gone: Withdrawal | None) -> str:
    if record.promotion is None:
        return f"a candidate, never promoted: {record.evaluation.sentence}"
    withdrawn = "" if gone is None else f", withdrawn from {gone.since:%F}"
    return f"promoted, in force from {record.promotion['effective_from'][:10]}{withdrawn}"


def _figure(figure: Figure | None) -> str:
    if figure is None:
        return ""
    interval = "" if figure.low is None else f" [{figure.low:.4f}, {figure.high:.4f}]"
    return f"{figure.value:.4f}{interval}"


def _limit(gate: GateResult) -> str:
    verdict = "" if gate.verdict == "pass" else f" ({gate.verdict.replace('_', ' ')})"
    return f"{gate.kind.replace('_', ' ')}{verdict}: {gate.sentence}"


def _made_by(record: ReleaseRecord) -> dict[str, str]:
    training = record.training
    told = {
        "Model": f"SHA-256 {training.model_digest}, {training.rounds} rounds, seed {training.seed}",
        "MLflow run": record.run_id,
    }
    if record.provenance is not None:
        environment = record.provenance.environment
        libraries = ", ".join(f"{name} {version}" for name, version in environment.libraries.items() if version)
        told |= {
            "Code": code_of(record.provenance.code.model_dump()),
            "Environment": f"Python {environment.python} on {environment.platform}, {environment.cpu}"
            + (f", {environment.gpu}" if environment.gpu else ""),
            "Libraries": libraries,
        }
    if record.cost is not None:
        told["Cost"] = f"{record.cost.cpu_s:.1f} s of CPU, peak memory {record.cost.peak_memory_mb:,.0f} MiB"
    return told | {"Record": f"SHA-256 {record.digest}"}


def _commands(record: ReleaseRecord) -> dict[str, str]:
    here = f"python -m pipelines {{}} {record.model}"
    return {
        "Make it again from its record": f"{here.format('reproduce')} {record.version}",
        "See what produced one prediction": f"{here.format('trace')} --prediction ID",
        "See its whole record": f"{here.format('record')} {record.version} --json",
        "Put the champion before it back": f"{here.format('rollback')} --reason … --by …",
    }
