"""The question between evaluate and promote: there where a spec asks for it, and nowhere else."""

from functools import partial

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from pipelines import spec
from tests.dags.conftest import read_dags

APPROVAL = """
[approval]
required = true
approvers = ["ana", "ben"]
timeout = "PT36H"
override = true
"""


@pytest.fixture
def train(tmp_path, monkeypatch):
    """The train DAG of a model whose spec ends with some text."""

    for loader in ("load_models", "sound_models"):
        monkeypatch.setattr(spec, loader, partial(getattr(spec, loader), tmp_path))

    def read(ending: str):
        text = (spec.MODELS / "flight_delay.toml").read_text()
        (tmp_path / "flight_delay.toml").write_text(text + ending)
        bag = read_dags()
        assert not bag.import_errors
        return bag.dags["flight_delay__train"]

    return read


def order(dag) -> list[str]:
    return [task.task_id for task in dag.topological_sort()]


def test_a_spec_with_approval_is_asked_between_evaluate_and_promote(train):
    dag = train(APPROVAL)
    assert order(dag) == ["await_features", "assemble", "train", "evaluate", "approval", "promote"]
    assert dag.get_task("promote").upstream_task_ids == {"approval"}
    assert dag.get_task("approval").upstream_task_ids == {"evaluate"}


@pytest.mark.parametrize("ending", ["", APPROVAL.replace("required = true", "required = false")])
def test_a_spec_without_is_not(train, ending):
    dag = train(ending)
    assert "approval" not in order(dag) and "**Approval**" not in dag.doc_md


def test_the_question_follows_the_policy_of_every_task(train):
    dag = train(APPROVAL)
    task = dag.get_task("approval")
    assert task.owner == "flight-operations" and task.retries >= 1 and task.retry_delay.total_seconds() >= 5
    assert task.doc_md and task.execution_timeout.total_seconds() == 300
    assert task.response_timeout.total_seconds() == 36 * 3600
    assert task.defaults == ["Reject"]
    assert [user["id"] for user in task.assigned_users] == ["ana", "ben"]


def test_the_question_has_a_note_and_not_the_runs_own_form(train):
    task = train(APPROVAL).get_task("approval")
    assert set(task.serialized_params) == {"note"}
    assert task.serialized_params["note"]["description"]


def test_the_page_says_who_answers_and_what_silence_means(train):
    page = train(APPROVAL).doc_md
    assert "one of ana, ben must let the candidate be promoted, within 1 day 12 hours" in page
    assert "no answer means reject" in page and "against a gate, with a note" in page
    assert "Nobody can promote against a gate" in train(APPROVAL.replace("override = true", "")).doc_md


def test_the_scheduler_sees_the_buttons_of_the_tasks(train):
    dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(train(APPROVAL)))
    links = {task.task_id: set(task.extra_links) for task in dag.tasks if task.extra_links}
    assert links == {name: {"Evaluation page"} for name in ("evaluate", "approval", "promote")}
