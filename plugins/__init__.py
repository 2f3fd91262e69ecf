"""The Airflow adapter: what turns a step of `pipelines/flow.py` into a task."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
