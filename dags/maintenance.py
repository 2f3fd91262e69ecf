"""One Airflow DAG, `maintenance`: say what nothing needs any more, free it, delete old logs."""

from plugins.family_dag import run_in_order
from plugins.maintenance import is_wanted, maintenance_dag, maintenance_tasks

if is_wanted():
    with maintenance_dag():
        run_in_order(*maintenance_tasks())
