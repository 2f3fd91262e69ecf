"""`<model>__monitor`: wait for predictions → detect_drift → decide_retrain → trigger, one DAG a model."""

from functools import partial

from airflow.sdk import chain

from pipelines import spec
from plugins.family_dag import model_dag, steps, to_build
from plugins.retrain_trigger import RetrainTrigger, backfill_param
from plugins.store_sensor import StoreSensor, partition_predictions

datasets = spec.load_datasets()
for model in to_build("monitor", spec.load_models(datasets=datasets)):
    dataset = datasets[model.dataset]
    with model_dag("monitor", model, dataset, backfill_param()):
        predictions = StoreSensor(
            task_id="await_predictions", awaits=partial(partition_predictions, model.name, dataset)
        )
        trigger = RetrainTrigger(task_id="trigger_retrain", model=model.name)
        chain(predictions, *steps("monitor", model.name, dataset.name), trigger)
