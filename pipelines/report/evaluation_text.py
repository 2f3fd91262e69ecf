"""An evaluation for a terminal: the verdict in a sentence, then its gates as a table."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.errors import MissingInput
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.layout import evaluation
from pipelines.report.scales import declared, shown, spaced, span
from pipelines.store import Store

MARKS = {"pass": ("✓ pass", "green"), "fail": ("✕ fail", "red"), "cannot_tell": ("? cannot\n  tell", "yellow")}


def find_evaluation(store: Store, model: str, version: int | None = None) -> Evaluation:
    """Of the version; of the newest as-of time when none is asked for.

    Raises MissingInput with the versions that were evaluated.
    """
    folder = evaluation(model, 0).rpartition("/")[0]
    known = sorted(int(name.removeprefix("v")) for name in store.list_files(folder, ".json"))
    if version is not None and version in known:
        return _read(store, model, version)
    if version is None and known:
        return max((_read(store, model, one) for one in known), key=lambda one: (one.as_of, one.version))
    missing = "no version was evaluated yet" if version is None else f"version {version} has no evaluation"
    told = f"; evaluated: {', '.join(map(str, known))}. Show the newest: " if known else ". Train one: "
    command = f"show evaluation {model}" if known else f"backfill {model}__train --start … --end …"
    raise MissingInput(f"{model}: {missing}{told}python -m pipelines {command}")


def as_text(judged: Evaluation) -> Group:
    """What rich prints, at any width."""
    against = (
        "no champion was in force yet"
        if judged.champion_version is None
        else f"compared with champion {judged.champion_version}, attempt {judged.attempt}"
    )
    start, end = (moment[:10] for moment in judged.window)
    facts = f"{judged.model}, as of {judged.as_of[:10]}: {judged.rows:,} rows from {start} to {end}; {against}."
    verdict = Text(f"{judged.sentence[:1].upper()}{judged.sentence[1:]}.", style=f"bold {MARKS[judged.verdict][1]}")
    return Group(verdict, Text(facts), _table(judged.gates))


def _table(gates: list[GateResult]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, expand=False)
    for name in ("", "gate", "value", "bound", "rows"):
        number = name in ("value", "bound", "rows")
        table.add_column(name, justify="right" if number else "left", no_wrap=name != "gate")
    for gate in gates:
        table.add_row(*_cells(gate))
    return table


def _cells(gate: GateResult) -> Iterator[Text]:
    """Texts, not markup: an interval's brackets are brackets."""
    mark, colour = MARKS[gate.verdict]
    reported = gate.verdict != "pass" and not gate.stops
    yield Text(f"{mark}\n(report)" if reported else mark, style=colour)
    subject = "" if gate.metric == gate.kind else f" on {gate.metric}"
    yield Text.assemble((f"{spaced(gate.kind)}{subject}", "bold"), f"\n{gate.sentence}")
    yield Text("\n".join(filter(None, [shown(gate.value), span(gate.low, gate.high)])))
    yield Text(declared(gate.bound))
    yield Text(shown(gate.rows or None))


def _read(store: Store, model: str, version: int) -> Evaluation:
    return Evaluation.from_json(store.read_file(evaluation(model, version)))
