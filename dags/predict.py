"""One Airflow DAG a model, `<model>__predict`: await the partition's features → predict."""

from functools import partial

from pipelines import spec
from plugins.family_dag import model_dag, run_in_order, steps, to_build
from plugins.store_sensor import StoreSensor, partition_features

datasets = spec.load_datasets()
for model in to_build("predict", spec.sound_models(datasets=datasets)):
    dataset = datasets[model.dataset]
    with model_dag("predict", model, dataset):
        features = StoreSensor(task_id="await_features", awaits=partial(partition_features, dataset))
        run_in_order(features, *steps("predict", model, dataset.name))
