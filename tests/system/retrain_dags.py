"""The shipped model's monitor from its decision on, as it is, and a stand-in for its hours of training."""

from functools import partial

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

from pipelines import spec
from pipelines.flow import BY_NAME
from plugins.family_dag import model_dag, run_in_order
from plugins.retrain_arguments import backfill_param, retrain_arguments
from plugins.retrain_trigger import RetrainTrigger
from plugins.step_operator import step_operator

model = spec.load_models()["flight_delay"]


def say_trained() -> str:
    return "trained"


with DAG(f"{model.name}__train", schedule=None):
    PythonOperator(task_id="train", python_callable=say_trained)
with model_dag("monitor", model, spec.load_datasets()[model.dataset], backfill_param()):
    arguments = partial(retrain_arguments, model.name)
    decide = step_operator(BY_NAME["decide_retrain"], model, model.dataset, arguments)
    run_in_order(decide, RetrainTrigger(task_id="trigger_retrain", model=model.name))
