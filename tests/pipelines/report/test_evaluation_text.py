import json
from dataclasses import replace

import numpy as np
import pytest

from pipelines.__main__ import main
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.gate import GateResult
from pipelines.gates.kinds.bounds import Floor
from pipelines.layout import evaluation, evaluation_page
from tests.pipelines.gates import hand_written

GATES = [
    GateResult(
        "floor", "auc", "pass", "it is 0.7 [0.66, 0.74]", value=0.7, low=0.66, high=0.74, bound=0.65, rows=26738
    ),
    GateResult("slices", "auc by carrier", "fail", "worst is carrier=HA " * 8, value=-0.04, bound=-0.03, stops=True),
    GateResult("calibration", "ece", "fail", "only shown", value=0.09, bound=0.05),
    GateResult("contract", "contract", "cannot_tell", "it was not measured", stops=True),
]


@pytest.fixture
def judged() -> Evaluation:
    asked = hand_written.evidence(gates=[Floor(kind="floor", metric="auc", at_least=0.6)], majority=np.full(6, 0.5))
    made = evaluate(asked, ("2013-03-01", "2013-04-01"))
    return replace(made, gates=GATES, verdict="fail", champion_version=2, attempt=3)


@pytest.fixture
def written(store, judged):
    """Versions 3 and 10 of one as-of time; the page of the newest."""
    for version in (3, 10):
        store.write_file(evaluation("flight_delay", version), replace(judged, version=version).to_json().encode())
    store.write_file(evaluation_page("flight_delay", 10), b"<html>")
    return store


def show(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["show", "evaluation", *arguments])
    return (code, *capsys.readouterr())


def test_the_newest_is_shown_verdict_first_and_page_last(written, capsys):
    code, told, _ = show(capsys, "flight_delay")
    lines = told.splitlines()
    assert code == 0 and lines[0].startswith("Version 10 fails slices on auc by carrier")
    assert lines[-1] == f"page: {written.location(evaluation_page('flight_delay', 10))}"
    assert "champion 2, attempt 3" in told


def test_every_gate_says_its_verdict_value_and_bound_in_80_columns(written, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, told, _ = show(capsys, "flight_delay", "3")
    table = told.splitlines()[:-1]
    assert max(map(len, table)) <= 80
    name = next(at for at, line in enumerate(table) if "floor on auc" in line)
    assert table[name].split()[:2] == ["✓", "pass"]
    assert table[name + 1].split() == ["0.7000", "[0.6600,", "0.7400]", "bound", "0.65", "26,738", "rows"]
    assert "(report only)" in told and "? cannot tell" in told


def test_brackets_are_shown_as_they_are(written, capsys):
    assert "it is 0.7 [0.66, 0.74]" in " ".join(show(capsys, "flight_delay", "3")[1].split())


def test_json_is_the_evaluation_and_nothing_else(written, capsys, judged):
    _, told, _ = show(capsys, "flight_delay", "3", "--json")
    assert json.loads(told) == json.loads(judged.to_json())


def test_the_page_is_copied_where_it_is_asked_for(written, capsys, tmp_path):
    copy = tmp_path / "new" / "page.html"
    code, told, _ = show(capsys, "flight_delay", "--page", str(copy))
    assert code == 0 and copy.read_bytes() == b"<html>" and told.endswith(f"page: {copy}\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["flight_delay", "7"], "version 7 has no evaluation; evaluated: 3, 10. Show the newest: python -m pipelines"),
        (["arrival_minutes"], "no version was evaluated yet. Train one: python -m pipelines backfill arrival_minutes"),
        (["fligt_delay"], "No model named 'fligt_delay'. Declared in pipelines/models: arrival_minutes, flight_delay"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(written, capsys, arguments, words):
    code, told, error = show(capsys, *arguments)
    assert code == 2 and not told and words in error
