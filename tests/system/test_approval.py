"""Approval and rollback in a real Airflow, by REST: who may answer, what an answer does, and what the journal keeps."""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from embedded import stack
from pipelines import layout
from pipelines.airflow_session import Session
from pipelines.approval import Approval, approval_of
from pipelines.flow import StepResult
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.report.gate_table import summary
from pipelines.store import Store

pytestmark = pytest.mark.slow

VERSIONS = {("asks", version): "fail" if version in (4, 5) else "pass" for version in range(1, 7)}
VERSIONS |= {("hurried", 1): "pass", ("hurried", 2): "fail"}


def judged(model: str, version: int) -> Evaluation:
    verdict = VERSIONS[model, version]
    gate = GateResult(
        "floor", "auc", verdict, f"auc is 0.70; it was to {verdict}", 0.7, 0.68, 0.72, 0.65, 900, verdict == "fail"
    )
    return Evaluation(
        model=model,
        as_of="2013-05-01T00:00:00+00:00",
        version=version,
        champion_version=9,
        attempt=1,
        window=("2013-04-01", "2013-05-01"),
        scores="scores",
        rows=900,
        champion_rows=900,
        verdict=verdict,
        gates=[gate],
        metrics={},
    )


def result(of: Evaluation) -> StepResult:
    return StepResult(
        step="evaluate",
        subject=of.model,
        start=of.window[0],
        end=of.as_of,
        outcome=of.sentence,
        references={"digest": of.digest, "experiment_id": "7", "run_id": f"run-{of.version}"},
        figures={"version": of.version, "verdict": of.verdict},
        summary=summary(of),
    )


class Yard:
    """A stack whose users are admin, ana who approves, and olga who does not."""

    def __init__(self, running: stack.Running, dags: Path) -> None:
        self.running, self.dags = running, dags
        self.store = Store(str(running.home.store))
        self.users = {
            name: Session(running.airflow_url, name, running.password_of(name)) for name in ("admin", "ana", "olga")
        }

    def trigger(self, dag_id: str, user: str = "admin", **conf: Any) -> str:
        body = {"logical_date": None, "conf": conf}
        answer = self.users[user].checked("POST", f"/dags/{dag_id}/dagRuns", json=body)
        return f"/dags/{dag_id}/dagRuns/{answer['dag_run_id']}"

    def states(self, run: str) -> dict[str, str]:
        tasks = self.users["admin"].get(f"{run}/taskInstances")["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def wait(self, run: str, task: str, *states: str, patience_s: float = 120) -> str:
        deadline = time.monotonic() + patience_s
        while (found := self.states(run).get(task)) not in states:
            assert time.monotonic() < deadline, f"{run}: {self.states(run)}"
            time.sleep(0.5)
        return found

    def wait_until_ended(self, run: str, patience_s: float = 120) -> None:
        """Until the run has ended; tasks that are cleared in the moment of its end would never run."""
        deadline = time.monotonic() + patience_s
        while self.users["admin"].get(run)["state"] not in ("success", "failed"):
            assert time.monotonic() < deadline, f"{run}: {self.states(run)}"
            time.sleep(0.5)

    def wait_until_asked(self, run: str, patience_s: float = 120) -> None:
        """Until the question stands and the scheduler has seen its asking end.

        Airflow takes an answer that comes before that for a failure of the task: it retries and asks again.
        """
        self.wait(run, "approval", "awaiting_input")
        tries = self.users["admin"].get(f"{run}/taskInstances/approval")["try_number"]
        ended = f"task_id='approval', run_id='{run.rpartition('/')[2]}', try_number={tries}"
        deadline = time.monotonic() + patience_s
        while not any(
            "Received executor event with state success" in line and ended in line
            for line in self.running.home.log("scheduler").read_text(errors="replace").splitlines()
        ):
            assert time.monotonic() < deadline, f"the scheduler never saw the asking of {run} end"
            time.sleep(0.5)

    def respond(self, run: str, user: str, option: str, **params: str) -> Any:
        path = f"{run}/taskInstances/approval/-1/hitlDetails"
        return self.users[user].request("PATCH", path, json={"chosen_options": [option], "params_input": params})

    def details(self, run: str) -> dict[str, Any]:
        return self.users["admin"].get(f"{run}/taskInstances/approval/-1/hitlDetails")

    def result(self, run: str, task: str = "approval") -> dict[str, Any]:
        return self.users["admin"].get(f"{run}/taskInstances/{task}/xcomEntries/return_value")["value"]

    def log(self, run: str, task: str, attempt: int = 1) -> str:
        path, plain = f"{run}/taskInstances/{task}/logs/{attempt}", {"Accept": "application/json"}
        return json.dumps(self.users["admin"].checked("GET", path, headers=plain)["content"], ensure_ascii=False)

    def journalled(self, model: str, version: int) -> Approval | None:
        return approval_of(self.store, model, version, judged(model, version).digest)

    def command(self, *arguments: str) -> None:
        environment = os.environ | self.running.environment | {"PYTHONPATH": str(stack.REPO)}
        subprocess.run([sys.executable, self.dags / "over_models.py", *arguments], check=True, env=environment)


@pytest.fixture(scope="module")
def yard(shared_airflow):
    running, dags = shared_airflow
    yard = Yard(running, dags)
    for model, version in VERSIONS:
        of = judged(model, version)
        yard.store.write_file(layout.evaluation(model, version), of.to_json().encode())
        (dags / f"{model}-v{version}.json").write_text(json.dumps(asdict(result(of))))
    return yard


@pytest.fixture(scope="module")
def runs(yard):
    """A run for each version, all at once: the run's path by model and version."""
    from pipelines.airflow_rest import Airflow

    airflow = Airflow(yard.users["admin"])
    for dag_id in ("asks__train", "hurried__train", "asks__rollback"):
        airflow.wait_until_parsed(dag_id)
        airflow.unpause(dag_id)
    seen = ("--evaluation", judged("asks", 6).digest)
    yard.command("approve", "asks", "6", "--approve", "--by", "ana", "--note", "seen before", *seen)
    return {key: yard.trigger(f"{key[0]}__train", version=key[1]) for key in VERSIONS}


def test_the_question_shows_verdict_gates_and_page_and_opens_it(yard, runs):
    run = runs["asks", 1]
    yard.wait_until_asked(run)
    asked = yard.details(run)
    page = f"{yard.running.mlflow_url}/#/experiments/7/runs/run-1/artifacts/evaluation.html"
    assert asked["subject"] == "Promote version 1 of asks?"
    assert "| pass | floor, auc | 0.7 [0.68, 0.72] | 0.65 | auc is 0.70; it was to pass |" in asked["body"]
    assert "compared with champion 9" in asked["body"] and f"[Evaluation page]({page})" in asked["body"]
    assert [user["id"] for user in asked["assigned_users"]] == ["ana"]
    for task in ("evaluate", "approval"):
        links = yard.users["admin"].get(f"{run}/taskInstances/{task}/links")["extra_links"]
        assert links == {"Evaluation page": page}


def test_the_wrong_person_is_refused_even_the_administrator(yard, runs):
    run = runs["asks", 1]
    yard.wait_until_asked(run)
    assert [yard.respond(run, user, "Approve", note="").status_code for user in ("olga", "admin")] == [403, 403]
    assert yard.states(run)["approval"] == "awaiting_input" and yard.journalled("asks", 1) is None


def test_an_approval_promotes_and_is_journalled_with_who_when_and_note(yard, runs):
    run = runs["asks", 1]
    yard.wait_until_asked(run)
    assert yard.respond(run, "ana", "Approve", note="seen the slices").status_code == 200
    assert yard.wait(run, "promote", "success", "skipped", "failed", "upstream_failed") == "success"
    kept = yard.journalled("asks", 1)
    assert (kept.answer, kept.by, kept.note, kept.timed_out) == ("approve", "ana", "seen the slices", False)
    assert kept.at[:19] == yard.details(run)["responded_at"][:19]
    assert yard.result(run)["figures"]["by"] == "ana"
    assert yard.respond(run, "ana", "Reject", note="").status_code == 409


def test_a_rejection_skips_the_promotion_and_says_who_and_that_the_champion_stays(yard, runs):
    run = runs["asks", 2]
    yard.wait_until_asked(run)
    assert yard.respond(run, "ana", "Reject", note="--too risky").status_code == 200
    assert yard.wait(run, "promote", "success", "skipped", "failed", "upstream_failed") == "skipped"
    kept = yard.journalled("asks", 2)
    assert (kept.answer, kept.by, kept.note) == ("reject", "ana", "--too risky")
    assert yard.states(run)["approval"] == "success"
    assert "version 2 was rejected by ana on" in yard.log(run, "approval")
    assert "the champion stays in force" in yard.result(run)["outcome"]


def test_silence_rejects_and_is_journalled_as_nobodys(yard, runs):
    run = runs["hurried", 1]
    assert yard.wait(run, "promote", "success", "skipped", "failed", "upstream_failed") == "skipped"
    kept = yard.journalled("hurried", 1)
    assert (kept.answer, kept.by, kept.timed_out) == ("reject", "nobody", True)
    assert "by the time-out, for nobody answered" in yard.log(run, "approval")


def test_nobody_is_asked_about_a_candidate_that_failed(yard, runs):
    run = runs["hurried", 2]
    assert yard.wait(run, "promote", "success", "skipped", "failed", "upstream_failed") == "skipped"
    assert yard.states(run)["approval"] == "skipped" and yard.journalled("hurried", 2) is None
    assert "Nobody is asked: version 2 fails floor on auc" in yard.log(run, "approval")


def test_an_override_needs_a_note_that_says_why(yard, runs):
    with_note, without = runs["asks", 4], runs["asks", 5]
    for run, note in ((with_note, "the feed was late"), (without, "")):
        yard.wait_until_asked(run)
        assert yard.details(run)["body"].startswith("**The gates do not let it pass. Approving overrides them**")
        assert yard.respond(run, "ana", "Approve", note=note).status_code == 200
    ends = [yard.wait(run, "promote", "success", "skipped", "failed") for run in (with_note, without)]
    assert ends == ["success", "skipped"]
    assert (yard.journalled("asks", 4).answer, yard.journalled("asks", 4).note) == ("override", "the feed was late")
    assert (yard.journalled("asks", 5).answer, yard.journalled("asks", 5).by) == ("reject", "ana")
    assert "this counts as a rejection" in yard.log(without, "approval")


def test_an_evaluation_that_was_answered_on_the_command_line_is_not_asked_about_again(yard, runs):
    run = runs["asks", 6]
    assert yard.wait(run, "promote", "success", "skipped", "failed", "upstream_failed") == "success"
    assert yard.result(run)["figures"]["note"] == "seen before"


def test_a_cleared_question_finds_its_answer_and_asks_nobody(yard, runs):
    run = runs["asks", 3]
    yard.wait_until_asked(run)
    assert yard.respond(run, "ana", "Approve", note="once").status_code == 200
    yard.wait_until_ended(run)
    clear = {"dry_run": False, "task_ids": ["approval"], "dag_run_id": run.rsplit("/", 1)[1], "only_failed": False}
    yard.users["admin"].checked(
        "POST", "/dags/asks__train/clearTaskInstances", json=clear | {"include_downstream": True}
    )
    assert yard.wait(run, "promote", "success", "skipped", "failed") == "success"
    assert yard.result(run)["figures"]["note"] == "once"


def test_a_rollback_takes_its_form_and_the_user_who_asked(yard, runs):
    run = yard.trigger("asks__rollback", "olga", reason="--late flights are missed", to=2)
    assert yard.wait(run, "rollback", "failed", "success") == "failed"
    told = yard.log(run, "rollback")
    assert "rollback asks '--reason=--late flights are missed' --by=olga --to=2" in told
    assert "error: asks: " in told, "nothing was ever in force, so there is nothing to put back"


def test_a_rollback_without_a_reason_is_refused(yard, runs):
    for conf in ({}, {"reason": " "}, {"reason": "late", "to": 0}):
        body = {"logical_date": None, "conf": conf}
        assert yard.users["admin"].request("POST", "/dags/asks__rollback/dagRuns", json=body).status_code in (400, 422)
