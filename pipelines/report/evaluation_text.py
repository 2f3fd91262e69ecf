"""An evaluation for a terminal: the verdict in a sentence, then its gates as a table."""

from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.errors import MissingInput
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evaluations import evaluated_versions, newest_evaluation, read_evaluation
from pipelines.gates.gate import GateResult
from pipelines.report.scales import declared, is_known, shown, spaced, span
from pipelines.store import Store

MARKS = {"pass": ("✓ pass", "green"), "fail": ("✕ fail", "red"), "cannot_tell": ("? cannot tell", "yellow")}


def find_evaluation(store: Store, model: str, version: int | None = None) -> Evaluation:
    """Of the version; of the newest as-of time when none is asked for.

    Raises MissingInput with the versions that were evaluated.
    """
    found = newest_evaluation(store, model) if version is None else read_evaluation(store, model, version)
    if found is not None:
        return found
    known = evaluated_versions(store, model)
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
    table = Table("verdict", "gate", box=SIMPLE_HEAD, pad_edge=False)
    for gate in gates:
        mark, colour = MARKS[gate.verdict]
        reported = gate.verdict != "pass" and not gate.stops
        table.add_row(Text(f"{mark}\n(report only)" if reported else mark, style=colour), _told(gate))
    return table


def _told(gate: GateResult) -> Text:
    """Name, figures and sentence, a line each; texts and not markup, for an interval's brackets are brackets."""
    subject = "" if gate.metric == gate.kind else f" on {gate.metric}"
    lines = [(f"{spaced(gate.kind)}{subject}", "bold")]
    if is_known(gate.value):
        figures = f"{shown(gate.value)} {span(gate.low, gate.high)}"
        lines.append((f"\n{figures:<28}  bound {declared(gate.bound):<8}  {shown(gate.rows or None):>9} rows", ""))
    return Text.assemble(*lines, (f"\n{gate.sentence}", "dim"), overflow="fold")
