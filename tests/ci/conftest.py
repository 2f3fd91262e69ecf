"""The servers and stores of the integration tests."""

from tests.integration.conftest import joined_home, joined_store, mlflow_server

__all__ = ["joined_home", "joined_store", "mlflow_server"]
