"""An evaluation in Markdown: for Airflow's question to a person, and for a terminal."""

from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult

SHOWN = {"pass": "pass", "fail": "**fail**", "cannot_tell": "*cannot tell*"}


def summary(judged: Evaluation) -> str:
    """The verdict, what the candidate was compared with, and its gates as a table."""
    met = "no champion, for none is in force yet" if judged.champion_version is None else None
    against = met or f"champion {judged.champion_version}, on {judged.champion_rows:,} rows that both have scored"
    start, end = (moment[:10] for moment in judged.window)
    rows = [f"| {' | '.join(_cells(gate))} |" for gate in judged.gates]
    lines = [
        f"{judged.model}: {judged.sentence}.",
        "",
        f"Judged on {judged.rows:,} rows from {start} to {end}; compared with {against}.",
        "",
        "| verdict | gate | value | bound | |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]
    return "\n".join(lines)


def _cells(gate: GateResult) -> list[str]:
    verdict = SHOWN[gate.verdict] + (" (reported only)" if gate.verdict == "fail" and not gate.stops else "")
    value = "" if gate.value is None else f"{gate.value:.4g}"
    if gate.low is not None and gate.high is not None:
        value += f" [{gate.low:.4g}, {gate.high:.4g}]"
    bound = "" if gate.bound is None else f"{gate.bound:.4g}"
    # A bar or a line's end would break the row.
    sentence = " ".join(gate.sentence.replace("|", "\\|").split())
    return [verdict, f"{gate.kind}, {gate.metric}", value, bound, sentence]
