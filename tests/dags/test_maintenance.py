"""The DAG that belongs to no spec, and what its tasks do."""

import os
import time

from airflow.sdk import CronDataIntervalTimetable

from plugins.maintenance import delete_old_files
from tests.dags.conftest import read_dags


def test_it_tells_first_then_frees_then_deletes_logs(dags):
    dag = dags["maintenance"]
    assert [task.task_id for task in dag.topological_sort()] == ["dry_run", "maintain", "delete_old_logs"]
    assert [task.dry_run for task in dag.topological_sort()[:2]] == [True, False]
    assert [len(task.upstream_list) for task in dag.topological_sort()] == [0, 1, 1]


def test_it_has_what_every_dag_must_have(dags):
    dag = dags["maintenance"]
    assert isinstance(dag.timetable, CronDataIntervalTimetable) and not dag.catchup and dag.max_active_runs == 1
    assert "**Schedule**" in dag.doc_md and dag.description and dag.tags == {"maintenance"}
    for task in dag.tasks:
        assert (
            task.owner == "platform"
            and task.retries >= 1
            and task.execution_timeout
            and f"`{task.task_id}`" in dag.doc_md
        )


def test_a_worker_that_runs_a_model_does_not_build_it(monkeypatch):
    from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID

    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, "flights__data")
    assert set(read_dags().dags) == {"flights__data"}


def test_old_logs_go_and_young_ones_stay(tmp_path):
    old, young, alone = (
        tmp_path / "dag" / "run" / "1.log",
        tmp_path / "dag" / "run" / "2.log",
        tmp_path / "x" / "y" / "3.log",
    )
    for path in (old, young, alone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("said")
    for path in (old, alone):
        os.utime(path, (0, 0))
    assert delete_old_files(tmp_path, before=time.time() - 3600) == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["2.log", "dag", "run"]
