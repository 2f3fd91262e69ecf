"""DAGs run by Airflow itself, task by task, with a stand-in for the steps' program."""

import sys

import pytest

from pipelines import layout
from plugins import command_line

pytestmark = pytest.mark.slow

FEBRUARY = {"start": "2013-02-01", "end": "2013-03-01"}
APRIL = {"start": "2013-04-01", "end": "2013-05-01"}

PROGRAM = """\
import json, sys
step, of = sys.argv[1], {{name: value for name, value in zip(sys.argv, sys.argv[1:]) if name.startswith("--")}}
code = {codes}.get(step, 0)
print(f"{{step}} ends with {{code}}")
result = {{
    "step": step, "subject": of.get("--model") or of["--dataset"], "start": of["--start"], "end": of["--end"],
    "outcome": f"{{step}} is done",
    "references": {{"decision": "d-" + of["--start"][:7], "run": "retrain__" + of["--start"][:7]}},
    "figures": {{"decision": "retrain"}},
}}
open(of["--result"], "w").write(json.dumps(result))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def database():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture
def run(database, dags, tmp_path, monkeypatch):
    """Runs a DAG by hand over an interval; gives its tasks' states, tries and results."""

    def ran(dag_id: str, conf: dict, **codes: int) -> dict[str, tuple]:
        program = tmp_path / "program.py"
        program.write_text(PROGRAM.format(codes=codes))
        monkeypatch.setattr(command_line, "PROGRAM", (sys.executable, str(program)))
        dag_run = dags[dag_id].test(logical_date=None, run_conf=conf)
        return {
            ti.task_id: (str(ti.state), ti.try_number, ti.xcom_pull(task_ids=ti.task_id))
            for ti in dag_run.get_task_instances()
        }

    monkeypatch.setenv("TRAINYARD_STORE", str(tmp_path / "store"))
    return ran


@pytest.fixture
def predicted(tmp_path):
    manifest = tmp_path / "store" / layout.predictions_manifest("flight_delay", "2013-04")
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}")


def test_a_data_run_goes_through_its_steps_and_keeps_references(run):
    tasks = run("flights__data", FEBRUARY)
    assert {name: state for name, (state, _, _) in tasks.items()} == dict.fromkeys(
        ["ingest", "validate", "featurize", "materialize"], "success"
    )
    assert tasks["featurize"][2]["references"] == {"decision": "d-2013-02", "run": "retrain__2013-02"}
    assert tasks["featurize"][2]["start"] == "2013-02-01T00:00:00+00:00"


def test_a_callers_error_is_tried_once_and_stops_the_run(run):
    tasks = run("flights__data", FEBRUARY, validate=2)
    assert tasks["validate"][:2] == ("failed", 1)
    assert tasks["featurize"][0] == "upstream_failed"


def test_nothing_to_do_skips_the_rest(run):
    tasks = run("flights__data", FEBRUARY, ingest=99)
    assert {state for state, _, _ in tasks.values()} == {"skipped"}


def test_a_decision_to_retrain_makes_one_train_run_however_often_it_is_reached(run, predicted):
    from airflow.models.dagrun import DagRun

    assert run("flight_delay__monitor", APRIL)["trigger_retrain"][0] == "success"
    assert run("flight_delay__monitor", APRIL)["trigger_retrain"][0] == "skipped"
    (triggered,) = DagRun.find(dag_id="flight_delay__train")
    assert triggered.run_id == "retrain__2013-04"
    assert triggered.logical_date is None
    assert triggered.conf == {
        "start": "2013-04-01T00:00:00+00:00",
        "end": "2013-05-01T00:00:00+00:00",
        "reason": "decide_retrain is done",
        "decision": "d-2013-04",
    }
