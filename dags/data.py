"""`<dataset>__data`: ingest → validate → featurize → materialize, one DAG a dataset."""

from airflow.sdk import chain

from pipelines import spec
from plugins.family_dag import data_dag, steps, to_build

for dataset in to_build("data", spec.load_datasets()):
    with data_dag(dataset):
        chain(*steps("data", dataset.name, dataset.name))
