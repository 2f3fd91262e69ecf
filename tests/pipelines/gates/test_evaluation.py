import json

import numpy as np

from pipelines.gates.evaluation import Evaluation, Subject, evaluate
from pipelines.gates.rules import Evidence
from pipelines.report.curves import curves
from pipelines.report.pages import render
from pipelines.spec import Ceiling, Floor, VersusChampion

GATES = [
    Floor(kind="floor", metric="auc", at_least=0.6),
    Ceiling(kind="ceiling", metric="brier", at_most=0.01),
    VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.01),
]


def evaluation(gates, champion=None) -> tuple[Evaluation, Evidence]:
    label, day = np.tile([1.0, 0.0], 10), np.repeat(np.arange(5), 4)
    score = np.tile([0.7, 0.2], 10)
    evidence = Evidence(label, day, score, {"majority": np.full(20, 0.5)}, champion, np.ones(20, bool))
    champion_version = None if champion is None else 2
    subject = Subject(
        "flight_delay", "2013-04-01T00:00:00+00:00", 3, champion_version, ("2013-03-01", "2013-04-01"), "scores"
    )
    return evaluate(subject, "classification", gates, evidence), evidence


def test_all_gates_must_pass():
    failed, _ = evaluation(GATES)
    assert failed.verdict == "fail"
    assert [gate.verdict for gate in failed.gates] == ["pass", "fail", "pass"]
    assert failed.sentence == "version 3 fails ceiling on brier: it stays a candidate"


def test_a_first_candidate_says_so():
    passed, _ = evaluation(GATES[:1])
    assert passed.verdict == "pass" and passed.sentence == "version 3 passes all 1 gates, the first"


def test_a_challenger_names_whom_it_met():
    passed, _ = evaluation(GATES[:1], champion=np.tile([0.6, 0.4], 10))
    assert passed.sentence.endswith("against champion 2")
    assert set(passed.metrics) == {"candidate", "majority", "champion"}


def test_an_evaluation_is_read_back_as_it_was_written():
    written, _ = evaluation(GATES, champion=np.tile([0.6, 0.4], 10))
    read = Evaluation.from_json(written.to_json().encode())
    assert read == written
    assert json.loads(read.to_json())["gates"][1]["verdict"] == "fail"


def test_the_page_shows_every_gate_and_needs_nothing_from_the_network():
    judged, evidence = evaluation(GATES)
    page = render("evaluation.html", evaluation=judged, description="Late?", curves=curves(evidence))
    for gate in judged.gates:
        assert gate.sentence in page
    assert "<polyline" in page and "http://" not in page and "https://" not in page
