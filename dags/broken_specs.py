"""No DAG: Airflow shows a broken model spec as the import error of this file, and the other models go on."""

from pipelines.spec import load_models

load_models()
