"""One Airflow DAG a model, `<model>__train`: await features → assemble → train → evaluate (→ approval) → promote."""

from functools import partial

from airflow.sdk import Param

from pipelines import spec
from plugins.approval import approvals
from plugins.family_dag import model_dag, run_in_order, steps, to_build
from plugins.store_sensor import StoreSensor, latest_features

REASON = Param(
    None,
    title="Reason",
    description="Why this training: filled in by a retrain decision, or by you. Kept with the run.",
    type=["null", "string"],
)

datasets = spec.load_datasets()
for model in to_build("train", spec.sound_models(datasets=datasets)):
    dataset = datasets[model.dataset]
    with model_dag("train", model, dataset, {"reason": REASON}):
        features = StoreSensor(task_id="await_features", awaits=partial(latest_features, dataset))
        assemble, train, evaluate, promote = steps("train", model, dataset.name)
        run_in_order(features, assemble, train, evaluate, *approvals(model), promote)
