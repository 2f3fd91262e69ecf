"""A pull request's models, trained and judged on frozen flights: January to March 2013, every sixth of them.

The declarations of the base are the champion's: its recipe of a month earlier is in force when the changed one is
judged. A sample is small, so a gate may tell nothing on it; what must not be is that a gate which lets the base's
recipe through keeps the changed one out.
"""

import os
import shutil
from pathlib import Path

import pytest

from pipelines.environment import REPO

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("CI_BASE" not in os.environ, reason="trains each model three times; `make ci` runs it"),
]
BASE = os.environ.get("CI_BASE", "HEAD")


def models() -> list[str]:
    """Those that the change can move; the shipped one where it moves none, so that a training is always tried."""
    from pipelines.spec_diff.page import affected_models

    return ("CI_BASE" in os.environ and affected_models(REPO, BASE)) or ["flight_delay"]


def judged(spec, interval, store, registry):
    """The recipe trained as of the interval's end and held to its gates: the candidate and its evaluation."""
    from pipelines.candidate import read_candidate
    from pipelines.gates.evaluations import read_evaluation
    from pipelines.steps import assemble, evaluate, train

    assemble.run(spec, interval, store)
    for step in (train, evaluate):
        step.run(spec, interval, store, registry)
    made = read_candidate(store, spec.name, interval.as_of)
    return made, read_evaluation(store, spec.name, made.version)


def verdicts(evaluation):
    return {f"{gate.kind} on {gate.metric}": gate.verdict for gate in evaluation.gates}


@pytest.mark.parametrize("name", models())
def test_the_changed_recipe_trains_and_loses_no_gate(name, joined_store, mlflow_server):
    from pipelines.champions import Champion, promote
    from pipelines.registry import Registry
    from pipelines.spec import find_model
    from pipelines.spec_diff.page import declared_at
    from pipelines.store import Store
    from tests.pipelines.months import FEBRUARY, MARCH

    changed = find_model(name)
    base = declared_at(REPO, BASE).models.get(name, changed)
    registry = Registry(mlflow_server.uri)
    first, evaluation = judged(base, FEBRUARY, joined_store, registry)
    champion = Champion(first.version, first.run_id, FEBRUARY.as_of, FEBRUARY.as_of)
    promote(joined_store, name, champion, evaluation.digest)
    # Each recipe in a store of its own: the second must not find what the first one made of the same rows.
    apart = Store(f"{joined_store.uri}-base")
    shutil.copytree(joined_store.uri, apart.uri)
    _, before = judged(base, MARCH, apart, registry)
    _, after = judged(changed, MARCH, joined_store, registry)
    report(name, before, after)
    earlier, later = verdicts(before), verdicts(after)
    lost = [gate for gate, verdict in later.items() if verdict == "fail" and earlier.get(gate) == "pass"]
    assert not lost, f"{name}: {', '.join(lost)} pass with the declarations of {BASE} and fail with these"


def report(name, before, after):
    """A table in Markdown, beside those of other models."""
    earlier = verdicts(before)
    rows = [
        f"| {gate.kind} on {gate.metric} | {earlier.get(f'{gate.kind} on {gate.metric}', 'none')} | {gate.verdict}"
        f"{' (reports only)' if not gate.stops and gate.verdict != 'pass' else ''} | {gate.sentence} |"
        for gate in after.gates
    ]
    lines = [
        f"### {name}: verdict {after.verdict} (with the base's declarations {before.verdict})",
        "",
        "| gate | base | this change | evidence |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]
    if "CI_REPORT" in os.environ:
        with Path(os.environ["CI_REPORT"]).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
