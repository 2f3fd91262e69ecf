from functools import partial

import pytest

from pipelines import spec
from tests.plugins import airflow_home


@pytest.fixture(scope="session")
def bag():
    """Every DAG of the repository, as Airflow reads it."""
    return read_dags()


@pytest.fixture(scope="session")
def dags(bag):
    assert not bag.import_errors, "\n".join(bag.import_errors.values())
    return bag.dags


@pytest.fixture
def models_folder(tmp_path, monkeypatch):
    """An empty folder of models, which the DAG files read in place of the repository's."""
    for loader in ("load_models", "sound_models"):
        monkeypatch.setattr(spec, loader, partial(getattr(spec, loader), tmp_path))
    return tmp_path


def read_dags():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(airflow_home.REPOSITORY / "dags"))
