import json
from dataclasses import replace

import numpy as np
from markupsafe import escape

from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.kinds.bounds import Ceiling, Floor
from pipelines.gates.kinds.versus import VersusChampion
from pipelines.report.evaluation_page import curves_of, page_of
from tests.pipelines.gates import hand_written

GATES = [
    Floor(kind="floor", metric="auc", at_least=0.6),
    Ceiling(kind="ceiling", metric="brier", at_most=0.01),
    VersusChampion(kind="versus_champion", metric="auc", not_worse_by=0.01),
]
WINDOW = ("2013-03-01", "2013-04-01")


def evaluation(gates, champion=None) -> Evaluation:
    return evaluate(hand_written.evidence(champion=champion, gates=gates, majority=np.full(6, 0.5)), WINDOW)


def test_all_gates_must_pass():
    failed = evaluation(GATES)
    assert failed.verdict == "fail"
    assert [gate.verdict for gate in failed.gates] == ["pass", "fail", "pass"]
    assert failed.sentence == "version 3 fails ceiling on brier: it stays a candidate"


def test_what_cannot_be_told_keeps_the_champion_and_says_so():
    gate = Floor(kind="floor", metric="auc", at_least=1.0, judged_by="interval")
    unsure = evaluate(hand_written.evidence(gates=[gate], day=np.zeros(6)), WINDOW)
    assert unsure.verdict == "cannot_tell"
    assert unsure.sentence == "version 3 stays a candidate, for these rows cannot tell: floor on auc"


def test_a_first_candidate_says_so():
    passed = evaluation(GATES[:1])
    assert passed.verdict == "pass" and passed.sentence == "version 3 passes all 1 gates, the first"


def test_a_challenger_names_whom_it_met():
    passed = evaluation(GATES[:1], champion=hand_written.RIGHT)
    assert passed.sentence.endswith("against champion 2")
    assert set(passed.metrics) == {"candidate", "majority", "champion"} and passed.champion_rows == 6


def test_an_evaluation_is_read_back_as_it_was_written():
    written = evaluation(GATES, champion=hand_written.WRONG)
    read = Evaluation.from_json(written.to_json().encode())
    assert read == written and read.digest == written.digest
    assert json.loads(read.to_json())["gates"][1]["verdict"] == "fail"


def test_another_gate_makes_another_digest_of_the_gates():
    looser = [Floor(kind="floor", metric="auc", at_least=0.5), *GATES[1:]]
    assert evaluation(GATES).gates_digest == evaluation(list(GATES)).gates_digest
    assert evaluation(GATES).gates_digest != evaluation(looser).gates_digest
    assert evaluation(GATES).digest != evaluation(looser).digest


def test_measured_times_stand_outside_of_the_digest():
    judged = evaluation(GATES)
    timed, slower = (replace(judged, gates=[replace(judged.gates[0], timed=True, value=value)]) for value in (1.0, 2.0))
    assert timed.digest == slower.digest
    assert replace(judged, gates=judged.gates[:1]).digest != timed.digest


def test_the_page_shows_every_gate_and_needs_nothing_from_the_network():
    asked = hand_written.evidence(gates=GATES, majority=np.full(6, 0.5))
    judged = evaluate(asked, WINDOW)
    page = page_of(asked.spec, judged, curves_of(asked.spec, asked.rows), None, [])
    for gate in judged.gates:
        assert str(escape(gate.sentence)) in page
    assert "<polyline" in page and "http://" not in page and "https://" not in page
