"""One Airflow DAG a model, `<model>__monitor`: await predictions → detect_drift → decide_retrain → alert, trigger."""

from functools import partial

from pipelines import spec
from plugins.alert_arguments import alert_params
from plugins.family_dag import model_dag, run_in_order, steps, to_build
from plugins.retrain_arguments import backfill_param
from plugins.retrain_trigger import RetrainTrigger
from plugins.store_sensor import StoreSensor, partition_predictions

datasets = spec.load_datasets()
for model in to_build("monitor", spec.sound_models(datasets=datasets)):
    dataset = datasets[model.dataset]
    with model_dag("monitor", model, dataset, {**backfill_param(), **alert_params()}):
        predictions = StoreSensor(
            task_id="await_predictions", awaits=partial(partition_predictions, model.name, dataset)
        )
        trigger = RetrainTrigger(task_id="trigger_retrain", model=model.name)
        detect, decide, alert = steps("monitor", model, dataset.name)
        run_in_order(predictions, detect, decide, trigger)
        # Beside the trigger: a chat that is away must keep no model from being retrained.
        run_in_order(decide, alert)
