"""How Airflow reads the DAG files: many models, one model, a broken one."""

import time

import pytest
from airflow.sdk.definitions.context import _AIRFLOW_PARSING_CONTEXT_DAG_ID
from airflow.serialization.serialized_objects import DagSerialization

from pipelines import spec
from pipelines.flow import FAMILIES
from tests.dags.conftest import read_dags
from tests.plugins.airflow_home import REPOSITORY

MODELS = 500
MODEL_FAMILIES = [family for family in FAMILIES if family != "data"]


def shipped_toml() -> str:
    return (spec.MODELS / "flight_delay.toml").read_text()


def declare(folder, count: int) -> None:
    for number in range(count):
        text = shipped_toml().replace('name = "flight_delay"', f'name = "model_{number:03}"')
        (folder / f"model_{number:03}.toml").write_text(text)


@pytest.mark.slow
def test_five_hundred_models_are_read(models_folder, record_property):
    declare(models_folder, MODELS)
    started_s = time.process_time()
    bag = read_dags()
    read_s = time.process_time() - started_s
    for dag in bag.dags.values():
        DagSerialization.to_dict(dag)
    serialized_s = time.process_time() - started_s - read_s
    assert not bag.import_errors
    assert len(bag.dags) == len(spec.load_datasets()) + len(MODEL_FAMILIES) * MODELS + 1  # and maintenance
    record_property("read_cpu_s", round(read_s, 2))
    record_property("serialize_cpu_s", round(serialized_s, 2))
    print(f"\n{len(bag.dags)} DAGs: read in {read_s:.1f} CPU s, serialized in {serialized_s:.1f} CPU s")


def test_airflow_looks_into_every_dag_file():
    """It passes over files that do not hold both words, in whatever case."""
    for file in (REPOSITORY / "dags").glob("*.py"):
        text = file.read_text().lower()
        assert "dag" in text and "airflow" in text, f"{file}: name both in its docstring"


def test_a_worker_builds_only_the_dag_it_runs(models_folder, monkeypatch):
    declare(models_folder, 3)
    monkeypatch.setenv(_AIRFLOW_PARSING_CONTEXT_DAG_ID, "model_001__train")
    assert set(read_dags().dags) == {"model_001__train"}


def test_a_broken_spec_is_an_import_error_that_names_file_and_key_and_stops_no_other_model(models_folder):
    declare(models_folder, 1)
    broken = shipped_toml().replace("not_worse_by = 0.015", "not_worse_by = -1.0")
    (models_folder / "broken.toml").write_text(broken.replace('"flight_delay"', '"broken"', 1))
    bag = read_dags()
    assert {"flights__data", "model_000__train", "model_000__predict", "model_000__monitor"} <= set(bag.dags)
    assert not any(dag_id.startswith("broken") for dag_id in bag.dags)
    (error,) = bag.import_errors.values()
    assert "broken.toml: gates[3].not_worse_by must be" in error


def test_a_compute_that_is_not_there_is_an_import_error_that_names_what_is(monkeypatch):
    monkeypatch.setenv("TRAINYARD_COMPUTE", "mainframe")
    errors = read_dags().import_errors
    assert errors
    assert all(
        "TRAINYARD_COMPUTE has the place 'mainframe'; allowed: local, kubernetes" in error for error in errors.values()
    )
