"""Buttons on a task that open the page that it is about."""

from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.xcom import BaseXCom

from pipelines.environment import tracking_uri
from pipelines.flow import Step

EVALUATE_TASK = "evaluate"
EVALUATION_FILE = "evaluation.html"


class EvaluationPage(BaseOperatorLink):
    """The evaluation page of the run's candidate, where MLflow shows it."""

    name = "Evaluation page"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Asked in the worker when the task ends; empty when nothing was evaluated."""
        evaluated = BaseXCom.get_one(
            key="return_value", dag_id=ti_key.dag_id, task_id=EVALUATE_TASK, run_id=ti_key.run_id, map_index=-1
        )
        return evaluation_url(evaluated) if evaluated else ""


def evaluation_url(evaluated: dict[str, Any]) -> str:
    """evaluated: the result of the evaluate step. The address as MLflow's own pages make it (its getRunPageRoute)."""
    experiment, run = (quote(evaluated["references"][name]) for name in ("experiment_id", "run_id"))
    return f"{tracking_uri().rstrip('/')}/#/experiments/{experiment}/runs/{run}/artifacts/{EVALUATION_FILE}"


def links_of(step: Step) -> tuple[BaseOperatorLink, ...]:
    return (EvaluationPage(),) if step.name in (EVALUATE_TASK, "promote") else ()
