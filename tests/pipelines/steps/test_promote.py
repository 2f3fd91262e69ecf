"""What is refused before anything of a promotion is done: neither MLflow nor a model is asked."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pytest

from pipelines.errors import MissingInput
from pipelines.gates.attempts import journal_evaluation
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.kinds.bounds import Floor
from pipelines.interval import Interval
from pipelines.layout import evaluation
from pipelines.spec import ApprovalPolicy, find_model
from pipelines.steps import promote
from pipelines.store import Store
from tests.pipelines.gates import hand_written

WINDOW = ("2013-03-01", "2013-04-01")
MARCH = Interval.parse(*WINDOW)
FAILS = Floor(kind="floor", metric="auc", at_least=1.0, judged_by="point")
PASSES = Floor(kind="floor", metric="auc", at_least=0.6)
SPEC = find_model("flight_delay")


def judged(*gates) -> Evaluation:
    return evaluate(hand_written.evidence(candidate=[0.9, 0.1, 0.2, 0.8, 0.7, 0.3], gates=list(gates)), WINDOW)


class Reached(Exception):
    """The registry was asked: the evaluation was believed."""


class Registry:
    def version(self, *_):
        raise Reached


def journalled(store: Store, of: Evaluation, as_of: datetime = MARCH.as_of) -> None:
    told = {"version": of.version, "champion_version": of.champion_version, "attempt": 1, "verdict": of.verdict}
    journal_evaluation(store, SPEC.name, as_of, told | {"digest": of.digest})


def promoted(store: Store, of: Evaluation) -> None:
    store.write_file(evaluation(SPEC.name, of.version), of.to_json().encode())
    promote.put_in_force(SPEC, MARCH, store, Registry(), hand_written.CANDIDATE)


def test_an_evaluation_that_the_journal_has_is_believed(store):
    journalled(store, judged(PASSES))
    with pytest.raises(Reached):
        promoted(store, judged(PASSES))


def test_a_verdict_that_was_forged_in_the_file_is_refused_with_the_command(store):
    failed = judged(FAILS)
    journalled(store, failed)
    forged = replace(failed, verdict="pass", gates=[replace(failed.gates[0], verdict="pass", stops=False)])
    with pytest.raises(MissingInput, match=rf"journal has {failed.digest[:12]} .*pipelines evaluate --model flight"):
        promoted(store, forged)


def test_an_evaluation_that_was_ended_before_the_journal_knew_of_it_is_refused(store):
    with pytest.raises(MissingInput, match=r"the journal has none of version 3 as of 2013-04-01"):
        promoted(store, judged(PASSES))


def test_an_older_evaluation_put_back_over_a_newer_one_is_refused(store):
    journalled(store, judged(PASSES))
    journalled(store, judged(FAILS))
    with pytest.raises(MissingInput, match="the file was changed"):
        promoted(store, judged(PASSES))


def test_one_of_another_time_does_not_count(store):
    journalled(store, judged(PASSES), Interval.parse("2013-02-01", "2013-03-01").as_of)
    with pytest.raises(MissingInput, match="the journal has none"):
        promoted(store, judged(PASSES))


def test_the_verdict_of_before_counts_again_when_it_was_found_again(store):
    for gates in ([PASSES], [FAILS], [PASSES]):
        journalled(store, judged(*gates))
    with pytest.raises(Reached):
        promoted(store, judged(PASSES))


class Examined(Exception):
    """The candidate was examined anew."""


@pytest.fixture
def anew(store, monkeypatch):
    """Promote a candidate that passed, under a spec with these gates; an examination ends it."""

    def examine(*_):
        raise Examined

    monkeypatch.setattr(promote, "examine", examine)

    def run(gates, of: Evaluation) -> None:
        journalled(store, of)
        store.write_file(evaluation(SPEC.name, of.version), of.to_json().encode())
        asking = SPEC.model_copy(update={"gates": gates, "approval": ApprovalPolicy(required=True)})
        promote.put_in_force(asking, MARCH, store, SimpleNamespace(version=lambda *_: None), hand_written.CANDIDATE)

    return run


def test_a_candidate_is_examined_anew_when_a_gate_was_changed_since(anew):
    with pytest.raises(Examined):
        anew([PASSES.model_copy(update={"at_least": 0.7})], judged(PASSES))


def test_an_evaluation_from_before_the_gates_were_kept_is_made_anew(anew):
    with pytest.raises(Examined):
        anew([PASSES], replace(judged(PASSES), gates_digest=""))


def test_by_the_same_gates_it_is_not_examined_but_waits_for_its_answer(anew):
    of = judged(PASSES)
    with pytest.raises(MissingInput, match=f"--approve --by … --evaluation {of.digest[:12]}"):
        anew([PASSES], of)
