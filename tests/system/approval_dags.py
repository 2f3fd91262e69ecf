"""Airflow's DAGs of models that ask a person: the question and the rollback are the real ones, what comes before and
after the question is a stand-in for an hour's work."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from pipelines import spec
from plugins import command_line
from plugins.approval import approvals
from plugins.family_dag import rollback_dag, run_in_order
from plugins.page_link import EvaluationPage
from plugins.rollback_operator import rollback_task

HERE = Path(__file__).parent
command_line.PROGRAM = (sys.executable, str(HERE / "over_models.py"))


def read_evaluation(model: str, dag_run: Any) -> dict[str, Any]:
    """The result that evaluate would have left, for the version that the run names."""
    found: dict[str, Any] = json.loads((HERE / f"{model}-v{dag_run.conf['version']}.json").read_text())
    return found


def say_promoted() -> str:
    return "promoted"


for model in spec.load_models(HERE / "models").values():
    patience = {"retries": 1, "retry_delay": timedelta(seconds=1)}
    with DAG(f"{model.name}__train", schedule=None, default_args=patience):
        evaluate = PythonOperator(task_id="evaluate", python_callable=read_evaluation, op_kwargs={"model": model.name})
        evaluate.operator_extra_links = (EvaluationPage(),)
        run_in_order(evaluate, *approvals(model), PythonOperator(task_id="promote", python_callable=say_promoted))
    with rollback_dag(model):
        run_in_order(rollback_task(model))
