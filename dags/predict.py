"""`<model>__predict`: wait for the partition's features → predict, one DAG a model."""

from functools import partial

from airflow.sdk import chain

from pipelines import spec
from plugins.family_dag import model_dag, steps, to_build
from plugins.store_sensor import StoreSensor, partition_features

datasets = spec.load_datasets()
for model in to_build("predict", spec.load_models(datasets=datasets)):
    dataset = datasets[model.dataset]
    with model_dag("predict", model, dataset):
        features = StoreSensor(task_id="await_features", awaits=partial(partition_features, dataset))
        chain(features, *steps("predict", model.name, dataset.name))
