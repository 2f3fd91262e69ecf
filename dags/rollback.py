"""One Airflow DAG a model, `<model>__rollback`: a person asks for it, nothing schedules it."""

from pipelines import spec
from plugins.family_dag import rollback_dag, run_in_order, to_build
from plugins.rollback_operator import rollback_task

for model in to_build("rollback", spec.sound_models()):
    with rollback_dag(model):
        run_in_order(rollback_task(model))
