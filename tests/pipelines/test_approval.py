import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipelines import spec as specs
from pipelines.__main__ import main
from pipelines.approval import APPROVAL, NOBODY, QUESTION, Approval, answer, approval_of, ask, evaluation_of
from pipelines.errors import CallerError, MissingInput
from pipelines.gates.evaluation import Evaluation, evaluate
from pipelines.gates.kinds.bounds import Floor
from pipelines.journal import events
from pipelines.layout import evaluation
from pipelines.release.releases import keep
from pipelines.report.gate_table import summary
from tests.pipelines.gates import hand_written
from tests.pipelines.release.hand_written_release import a_release

PASSES = Floor(kind="floor", metric="auc", at_least=0.6)
FAILS = Floor(kind="floor", metric="auc", at_least=1.0, judged_by="interval")
POLICY = specs.ApprovalPolicy(required=True, approvers=["ana", "ben"])


def judged(*gates) -> Evaluation:
    return evaluate(hand_written.evidence(gates=list(gates), day=np.zeros(6)), ("2013-03-01", "2013-04-01"))


SHIPPED = specs.find_model("flight_delay")
PASSED, FAILED = judged(PASSES), judged(PASSES, FAILS)


def spec(**policy):
    return SHIPPED.model_copy(update={"approval": POLICY.model_copy(update=policy)})


def given(about: Evaluation = PASSED, said="approve", by="ana", **rest) -> Approval:
    return Approval(about.version, about.digest, said, by, **{"at": "2013-04-02T10:00:00+00:00", **rest})


def test_an_answer_is_journalled_with_who_when_and_why(store):
    said = answer(store, spec(), PASSED, given(note=" seen the slices "))
    assert said == approval_of(store, "flight_delay", 3, PASSED.digest)
    assert (said.by, said.at, said.note) == ("ana", "2013-04-02T10:00:00+00:00", "seen the slices")
    assert said.lets_promote
    (event,) = events(store, APPROVAL, "flight_delay")
    assert f"{event.at:%F}" == "2013-04-01" and event.content["answer"] == "approve"
    assert said.sentence == "version 3 was approved by ana on 2013-04-02 10:00 UTC: seen the slices"


def test_an_answer_to_another_evaluation_of_the_version_does_not_count(store):
    answer(store, spec(), PASSED, given())
    assert approval_of(store, "flight_delay", 3, FAILED.digest) is None
    with pytest.raises(CallerError, match="evaluated anew since the question was asked"):
        answer(store, spec(), FAILED, given(PASSED))
    answer(store, spec(), FAILED, given(FAILED, "reject"))
    assert approval_of(store, "flight_delay", 3, PASSED.digest).answer == "approve"


def test_the_same_answer_again_leaves_the_first(store):
    first = answer(store, spec(), PASSED, given())
    assert answer(store, spec(), PASSED, given(by="ben", at="2013-04-03")) == first
    assert len(events(store, APPROVAL, "flight_delay")) == 1


def test_a_second_other_answer_is_refused_with_who_answered_before(store):
    answer(store, spec(), PASSED, given(said="reject", note="no"))
    with pytest.raises(CallerError, match=r"rejected by ana on 2013-04-02 10:00 UTC: no\. .*ben's 'approve' was not"):
        answer(store, spec(), PASSED, given(by="ben"))


def test_of_two_people_who_answer_at_once_one_wins(store):
    def try_to(said: str) -> str | None:
        try:
            return answer(store, spec(), PASSED, given(said=said)).answer
        except CallerError:
            return None

    with ThreadPoolExecutor() as pool:
        told = list(pool.map(try_to, ("approve", "reject")))
    winner = approval_of(store, "flight_delay", 3, PASSED.digest).answer
    assert sorted(told, key=str) == sorted([None, winner], key=str)
    assert len(events(store, APPROVAL, "flight_delay")) == 1


@pytest.mark.parametrize(
    ("policy", "about", "said", "words"),
    [
        ({}, PASSED, {"by": "eve"}, "eve may not answer; approval.approvers: ana, ben"),
        ({}, FAILED, {}, "cannot be approved, its spec allows no override"),
        ({"override": True}, FAILED, {}, "cannot be approved, override its gates with --override --note WHY"),
        ({}, FAILED, {"said": "override", "note": "rush"}, "its spec allows no override"),
        ({"override": True}, FAILED, {"said": "override", "note": "  "}, "an override needs a note that says why"),
        ({"override": True}, PASSED, {"said": "override", "note": "rush"}, "there is nothing to override"),
        ({}, PASSED, {"timed_out": True, "by": NOBODY}, "a time-out means 'reject' here"),
        ({"on_timeout": "approve"}, FAILED, {"timed_out": True, "by": NOBODY}, "a time-out means 'reject' here"),
    ],
)
def test_what_the_spec_does_not_allow_is_refused_and_not_journalled(store, policy, about, said, words):
    with pytest.raises(CallerError, match=words):
        answer(store, spec(**policy), about, given(about, **said))
    assert events(store, APPROVAL, "flight_delay") == []


def test_a_spec_without_approval_has_nothing_to_answer(store):
    with pytest.raises(CallerError, match=r"has no \[approval\]"):
        answer(store, SHIPPED, PASSED, given())


def test_anyone_may_answer_when_nobody_is_named(store):
    assert answer(store, spec(approvers=[]), PASSED, given(by="eve")).by == "eve"


def test_an_override_with_a_reason_is_kept_as_one(store):
    said = answer(store, spec(override=True), FAILED, given(FAILED, "override", note="the feed is known to be late"))
    assert said.lets_promote
    assert "approved against its gates by ana" in said.sentence


@pytest.mark.parametrize(("on_timeout", "promotes"), [("reject", False), ("approve", True)])
def test_a_time_out_says_what_the_spec_says(store, on_timeout, promotes):
    silence = given(said=on_timeout, by=NOBODY, timed_out=True)
    ask(store, spec(), PASSED, PASSED.digest, datetime(2013, 3, 31, 10, tzinfo=UTC))
    said = answer(store, spec(on_timeout=on_timeout), PASSED, silence)
    assert said.lets_promote is promotes and "by the time-out, for nobody answered" in said.sentence


def test_a_time_out_of_a_question_that_nobody_was_asked_is_refused(store):
    ask(store, spec(), FAILED, FAILED.digest, datetime(2013, 3, 1, tzinfo=UTC))
    with pytest.raises(CallerError, match="nobody was asked about version 3"):
        answer(store, spec(), PASSED, given(said="reject", by=NOBODY, timed_out=True))
    assert events(store, APPROVAL, "flight_delay") == []


def test_a_time_out_counts_from_the_last_time_the_question_was_asked(store):
    silence = given(said="reject", by=NOBODY, timed_out=True)
    for day in (30, 31):
        ask(store, spec(), PASSED, PASSED.digest, datetime(2013, 3, day, 10, 0, 1, tzinfo=UTC))
    with pytest.raises(CallerError, match="version 3 is open until 2013-04-02 10:00:01 UTC"):
        answer(store, spec(), PASSED, silence)
    assert answer(store, spec(), PASSED, replace(silence, at="2013-04-02T10:00:01+00:00")).timed_out
    assert [event.number for event in events(store, QUESTION, "flight_delay")] == [1, 2]


def test_a_version_that_was_not_evaluated_is_answered_with_those_that_were(store):
    store.write_file(evaluation("flight_delay", 3), PASSED.to_json().encode())
    with pytest.raises(MissingInput, match=r"version 4 has no evaluation to answer; evaluated: v3\."):
        evaluation_of(store, "flight_delay", 4)


def test_the_summary_shows_verdict_interval_bound_and_sentence_of_every_gate():
    noisy = replace(FAILED.gates[0], value=0.73, low=0.7, high=0.76, bound=0.65, sentence="a | b\nc")
    text = summary(replace(FAILED, gates=[noisy, *FAILED.gates[1:]]))
    assert text.startswith(f"flight_delay: {FAILED.sentence}.")
    assert "compared with no champion, for none is in force yet" in text
    assert "| pass | floor, auc | 0.73 [0.7, 0.76] | 0.65 | a \\| b c |" in text
    assert "| *cannot tell* | floor, auc | 1 |" in text


def test_the_summary_names_the_champion_and_the_rows_it_was_met_on():
    text = summary(replace(PASSED, champion_version=2, champion_rows=1200))
    assert "compared with champion 2, on 1,200 rows that both have scored" in text


def test_a_failure_that_stops_nothing_says_so():
    report = replace(FAILED.gates[1], verdict="fail", stops=False)
    assert "| **fail** (reported only) |" in summary(replace(FAILED, gates=[report]))


@pytest.fixture
def asks(store, monkeypatch):
    """The command line, for a model that asks for approval and whose version 3 passed."""
    monkeypatch.setattr(specs, "find_model", lambda name: spec(override=True))
    store.write_file(evaluation("flight_delay", 3), PASSED.to_json().encode())

    def run(*arguments: str, seen: str | None = PASSED.digest[:12]) -> int:
        return main(["approve", "flight_delay", "3", *arguments, *(["--evaluation", seen] if seen else [])])

    return run


def test_the_command_shows_the_gates_and_then_the_answer(asks, store, capsys, tmp_path):
    assert asks(seen=None) == 0
    told = capsys.readouterr().out
    assert f"evaluation {PASSED.digest[:12]}\n" in told
    assert "| pass | floor, auc |" in told and told.endswith("approve flight_delay version 3 waits for an answer\n")
    file = tmp_path / "new" / "result.json"
    at = ("--at", "2013-04-02T10:00:00Z")
    assert asks("--reject", "--by", "ben", "--note", "too risky", *at, "--result", str(file)) == 0
    told = capsys.readouterr().out
    assert told.index("| pass |") < told.index("rejected by ben")
    assert told.endswith("rejected by ben on 2013-04-02 10:00 UTC: too risky; the champion stays in force\n")
    result = json.loads(file.read_text())
    assert result["figures"] == {
        "version": 3,
        "answer": "reject",
        "by": "ben",
        "at": "2013-04-02T10:00:00+00:00",
        "note": "too risky",
    }
    assert asks() == 0
    assert "rejected by ben" in capsys.readouterr().out


def test_a_person_who_answers_now_is_recorded_as_of_now(asks, store):
    assert asks("--approve", "--by", "ana") == 0
    assert approval_of(store, "flight_delay", 3, PASSED.digest).at > "2026"


@pytest.mark.parametrize("seen", [None, PASSED.digest[:7], "0" * 12])
def test_an_answer_names_the_evaluation_that_was_seen(asks, store, capsys, seen):
    assert asks("--approve", "--by", "ana", seen=seen) == 2
    words = "evaluated anew" if seen == "0" * 12 else "too short" if seen else "give it with --evaluation DIGEST"
    assert words in capsys.readouterr().err
    assert events(store, APPROVAL, "flight_delay") == []


def test_a_time_out_at_once_is_refused_whatever_time_the_caller_tells(asks, store, capsys):
    assert asks("--asked") == 0
    for at in ([], ["--at", "2999-01-01"]):
        assert asks("--reject", "--timed-out", *at) == 2
        assert "is open until" in capsys.readouterr().err
    assert events(store, APPROVAL, "flight_delay") == []


class Artifacts:
    """Stands in for MLflow: what was logged, by run and file."""

    def __init__(self) -> None:
        self.logged = {}
        self.client = SimpleNamespace(log_text=lambda run, text, name: self.logged.update({(run, name): text}))
        self.reached = nullcontext


@pytest.mark.parametrize(("said", "timed_out"), [("reject", False), ("reject", True), ("approve", False)])
def test_an_answer_reaches_the_release_record_also_when_nothing_is_promoted(asks, store, monkeypatch, said, timed_out):
    shown = Artifacts()
    monkeypatch.setattr("pipelines.registry.Registry", lambda uri: shown)
    judged = a_release().evaluation.model_copy(update={"digest": PASSED.digest})
    made = keep(store, a_release().model_copy(update={"version": 3, "evaluation": judged}))
    ask(store, spec(), PASSED, PASSED.digest, datetime(2013, 4, 1, tzinfo=UTC))
    for _ in range(2):
        assert asks(f"--{said}", *(["--timed-out"] if timed_out else ["--by", "ana"])) == 0
    (path,) = Path(store.location("releases/flight_delay/v3")).glob("answered-*.json")
    assert path.stem.rpartition("-")[2] == hashlib.sha256(path.read_bytes()).hexdigest()
    sealed = json.loads(path.read_text())
    assert (sealed["approval"]["answer"], sealed["approval"]["timed_out"]) == (said, timed_out)
    assert sealed["evaluation"]["digest"] == PASSED.digest and sealed["promotion"] is None
    ((run, name),) = shown.logged
    assert run == made.run_id and name.startswith("release_record/answered-")
    assert shown.logged[run, name].encode() == path.read_bytes()


def test_without_mlflows_client_the_answer_is_in_the_release_record_all_the_same(asks, store, monkeypatch, capsys):
    monkeypatch.setattr("pipelines.commands.approve.find_spec", {"mlflow": None}.get)
    monkeypatch.setattr("pipelines.registry.Registry", lambda uri: pytest.fail("MLflow was looked for"))
    judged = a_release().evaluation.model_copy(update={"digest": PASSED.digest})
    keep(store, a_release().model_copy(update={"version": 3, "evaluation": judged}))
    assert asks("--approve", "--by", "ana") == 0
    (path,) = Path(store.location("releases/flight_delay/v3")).glob("answered-*.json")
    assert json.loads(path.read_text())["approval"]["by"] == "ana"
    assert "not shown in MLflow" in capsys.readouterr().out


def test_what_was_answered_is_not_asked_again(asks, store):
    assert asks("--approve", "--by", "ana") == 0
    assert asks("--asked") == 0
    assert events(store, QUESTION, "flight_delay") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--approve"], "Give --by NAME"),
        (["--approve", "--by", "eve"], "approval.approvers: ana, ben"),
        (["--approve", "--by", "ana", "--at", "noon"], "'noon' is not a date or time"),
    ],
)
def test_what_the_caller_got_wrong_exits_2(asks, capsys, arguments, words):
    assert asks(*arguments) == 2
    assert words in capsys.readouterr().err


def test_a_policy_waits_two_days_unless_told_otherwise():
    assert POLICY.timeout == timedelta(days=2) and POLICY.on_timeout == "reject" and not POLICY.override
