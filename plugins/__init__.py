"""The Airflow adapter: what turns a step of `pipelines/flow.py` into a task."""
