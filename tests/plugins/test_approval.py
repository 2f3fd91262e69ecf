"""What the question says, and what an answer becomes: with a stand-in for the command that journals it."""

import json
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import (
    AirflowFailException,
    AirflowSkipException,
    DownstreamTasksSkipped,
    TaskAwaitingInput,
)

from pipelines.spec import ApprovalPolicy
from plugins import approval as module
from plugins import command_line
from plugins.approval import PromotionApproval, question
from plugins.dag_docs import spoken
from tests.plugins.contexts import context

POLICY = ApprovalPolicy(required=True, approvers=["ana"], override=True)
WHEN = datetime(2013, 5, 2, 10, 30, tzinfo=UTC)
ANA = {"id": "ana", "name": "Ana"}
TABLE = "flight_delay: version 3 passes all 1 gates.\n\n| verdict | gate |\n| --- | --- |\n| pass | floor, auc |"

PROGRAM = """\
import json, sys
command = sys.argv[1:]
with open({calls!r}, "a") as file:
    file.write(json.dumps(command) + "\\n")
answers = [word[2:] for word in command if word in ("--approve", "--reject", "--override")]
answer = {stands!r} or (answers[0] if answers else None)
result = {{
    "step": "approve", "subject": command[1], "start": "s", "end": "e", "outcome": "as told",
    "references": {{}}, "figures": {{"answer": answer}} if answer else {{}},
}}
open(command[command.index("--result") + 1], "w").write(json.dumps(result))
"""


def evaluated(verdict="pass") -> dict:
    return {
        "outcome": "version 3 fails floor on auc: it stays a candidate",
        "references": {"digest": "d1", "experiment_id": "7", "run_id": "r/1"},
        "figures": {"version": 3, "verdict": verdict},
        "summary": TABLE,
    }


class Task:
    """The approval task, what it told Airflow, and which commands it ran."""

    def __init__(self, folder, monkeypatch, policy=POLICY, verdict="pass", stands=None) -> None:
        self.calls, program = folder / "calls", folder / "program.py"
        program.write_text(PROGRAM.format(calls=str(self.calls), stands=stands))
        monkeypatch.setattr(command_line, "PROGRAM", (sys.executable, str(program)))
        self.asked, self.pushed, self.skipped = {}, {}, []
        hitl = "airflow.providers.standard.operators.hitl.upsert_hitl_detail"
        monkeypatch.setattr(hitl, lambda **asked: self.asked.update(asked))
        (self.operator,) = module.approvals(SimpleNamespace(name="flight_delay", approval=policy))
        self.operator.skip = lambda ti, tasks: self.skipped.extend(tasks)
        self.operator.get_direct_relatives = lambda upstream: ["promote"]
        self.context = context(xcom=evaluated(verdict) if verdict else None)
        self.context["ti"].xcom_push = lambda key, value: self.pushed.update({key: value})
        self.context["ti"].id = "an id"
        self.context["task_instance"] = self.context["ti"]

    def ask(self) -> None:
        with pytest.raises(TaskAwaitingInput) as waiting:
            self.operator.execute(self.context)
        assert waiting.value.method_name == "execute_complete"

    def answer(self, option: str, note: str | None = None, by: dict | None = ANA) -> list[str]:
        """What was journalled: the options of the command after the version."""
        event = {
            "chosen_options": [option],
            "params_input": {} if note is None else {"note": note},
            "responded_at": WHEN,
            "responded_by_user": by,
            "timedout": by is None,
        }
        self.operator.execute_complete(self.context, event)
        return self.commands[-1][3:-2]

    @property
    def commands(self) -> list[list[str]]:
        return [json.loads(line) for line in self.calls.read_text().splitlines()] if self.calls.exists() else []


@pytest.fixture
def task(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000/")

    def made(**options) -> Task:
        return Task(tmp_path, monkeypatch, **options)

    return made


def test_the_question_shows_the_gates_the_page_and_what_silence_means(task):
    asks = task()
    asks.ask()
    assert asks.asked["subject"] == "Promote version 3 of flight_delay?"
    assert asks.asked["body"].startswith(TABLE)
    page = "http://mlflow.example:5000/#/experiments/7/runs/r/1/artifacts/evaluation.html"
    assert f"[Evaluation page]({page})" in asks.asked["body"]
    assert asks.asked["body"].endswith("No answer within 2 days means: reject.")
    assert asks.asked["options"] == ["Approve", "Reject"] and asks.asked["defaults"] == ["Reject"]
    assert asks.asked["assigned_users"] == [{"id": "ana", "name": "ana"}]
    note = asks.asked["params"]["note"]
    assert note["value"] is None and note["schema"]["type"] == ["null", "string"], "else the form makes it mandatory"


def test_before_it_asks_it_looks_whether_the_evaluation_was_answered(task):
    asks = task(stands="approve")
    asks.operator.execute(asks.context)
    assert asks.commands[0][:4] == ["approve", "flight_delay", "3", "--evaluation=d1"]
    assert asks.asked == {} and asks.skipped == []
    assert asks.pushed["return_value"]["figures"] == {"answer": "approve"}


def test_that_it_asks_is_journalled_before_the_wait_begins(task):
    asks = task()
    asks.ask()
    assert asks.commands[0][3:5] == ["--evaluation=d1", "--asked"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(days=2), "2 days"),
        (timedelta(hours=36), "1 day 12 hours"),
        (timedelta(minutes=61), "1 hour 1 minute"),
        (timedelta(seconds=3), "3 seconds"),
    ],
)
def test_a_span_is_told_in_words(span, words):
    assert spoken(span) == words


def test_an_evaluation_that_was_rejected_before_skips_what_follows(task):
    asks = task(stands="reject")
    asks.operator.execute(asks.context)
    assert asks.asked == {} and asks.skipped == ["promote"]


def test_an_approval_is_journalled_with_who_when_and_note(task):
    asks = task()
    journalled = asks.answer("Approve", " --seen the slices ")
    assert journalled == [
        "--evaluation=d1",
        "--approve",
        "--by=ana",
        "--at=2013-05-02T10:30:00+00:00",
        "--note=--seen the slices",
    ]
    assert asks.skipped == []


def test_a_rejection_is_journalled_and_skips_what_follows(task):
    asks = task()
    assert asks.answer("Reject")[1:3] == ["--reject", "--by=ana"]
    assert asks.skipped == ["promote"]
    assert asks.pushed["return_value"]["outcome"] == "as told"


@pytest.mark.parametrize(("on_timeout", "option"), [("reject", "Reject"), ("approve", "Approve")])
def test_silence_takes_the_default_and_is_journalled_as_silence(task, on_timeout, option):
    asks = task(policy=POLICY.model_copy(update={"on_timeout": on_timeout}))
    asks.ask()
    assert asks.asked["defaults"] == [option]
    assert asks.answer(option, "", by=None)[1:3] == [f"--{on_timeout}", "--timed-out"]


def test_a_user_is_named_by_name_where_nobody_is_assigned(task):
    asks = task(policy=POLICY.model_copy(update={"approvers": []}))
    asks.ask()
    assert asks.asked["assigned_users"] is None
    assert asks.answer("Approve")[2] == "--by=Ana"


@pytest.mark.parametrize("verdict", ["fail", "cannot_tell"])
def test_a_candidate_that_did_not_pass_is_no_question_without_override(task, verdict):
    asks = task(verdict=verdict, policy=POLICY.model_copy(update={"override": False}))
    with pytest.raises(AirflowSkipException, match="Nobody is asked: version 3 fails floor on auc"):
        asks.operator.execute(asks.context)
    assert asks.commands == [] and asks.asked == {}


def test_with_override_the_question_says_that_gates_failed_and_silence_never_promotes(task):
    asks = task(verdict="fail", policy=POLICY.model_copy(update={"on_timeout": "approve"}))
    asks.ask()
    assert asks.asked["subject"] == "Promote version 3 of flight_delay against its gates?"
    assert asks.asked["body"].startswith("**The gates do not let it pass. Approving overrides them**")
    assert asks.asked["defaults"] == ["Reject"]
    assert asks.asked["body"].endswith("means: reject.")


def test_approving_against_the_gates_with_a_note_is_an_override(task):
    asks = task(verdict="fail")
    assert asks.answer("Approve", "the feed was late")[1:] == [
        "--override",
        "--by=ana",
        "--at=2013-05-02T10:30:00+00:00",
        "--note=the feed was late",
    ]
    assert asks.skipped == []


def test_a_note_that_was_left_empty_is_null_in_the_form_and_no_word_in_the_journal(task):
    asks = task()
    event = {
        "chosen_options": ["Approve"],
        "params_input": {"note": None},
        "responded_at": WHEN,
        "responded_by_user": ANA,
    }
    asks.operator.execute_complete(asks.context, event)
    assert asks.commands[-1][-3] == "--note="


@pytest.mark.parametrize("note", [None, "", "   "])
def test_approving_against_the_gates_without_a_note_is_a_rejection_and_says_so(task, task_log, note):
    asks = task(verdict="fail")
    journalled = asks.answer("Approve", note)
    assert journalled[1] == "--reject" and "without a note" in journalled[-1]
    assert asks.skipped == ["promote"]
    assert any("this counts as a rejection" in line for line in task_log.lines)


def test_an_evaluation_that_left_no_result_fails(task):
    asks = task(verdict=None)
    with pytest.raises(AirflowFailException, match="evaluate left no result"):
        asks.operator.execute(asks.context)


def test_airflow_skips_what_is_downstream_by_raising():
    """`skip` ends the task: what must be left behind is left before it."""
    with pytest.raises(DownstreamTasksSkipped):
        PromotionApproval(task_id="approval", model="m", policy=POLICY)._set_state_to_skipped(["promote"], -1)


def test_a_model_that_asks_nobody_has_no_task():
    assert module.approvals(SimpleNamespace(name="m", approval=None)) == []


def test_a_question_without_an_override_carries_no_warning(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    assert "override" not in question("m", evaluated(), POLICY)[1]
