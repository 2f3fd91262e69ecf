import pytest

from tests.plugins import airflow_home


@pytest.fixture(scope="session")
def bag():
    """Every DAG of the repository, as Airflow reads it."""
    return read_dags()


@pytest.fixture(scope="session")
def dags(bag):
    assert not bag.import_errors, "\n".join(bag.import_errors.values())
    return bag.dags


def read_dags():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(dag_folder=str(airflow_home.REPOSITORY / "dags"))
