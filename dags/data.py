"""One Airflow DAG a dataset, `<dataset>__data`: ingest → validate → featurize → materialize."""

from pipelines import spec
from plugins.family_dag import data_dag, run_in_order, steps, to_build

for dataset in to_build("data", spec.load_datasets()):
    with data_dag(dataset):
        run_in_order(*steps("data", dataset, dataset.name))
