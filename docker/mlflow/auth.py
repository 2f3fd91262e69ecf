"""MLflow's file of its accounts' settings, made of the environment that its server and its migration share."""

import os
from pathlib import Path

SETTINGS = """\
[mlflow]
default_permission = READ
database_uri = {database}
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
grant_default_workspace_access = true
"""


def write() -> None:
    """Where MLFLOW_AUTH_CONFIG_PATH says, readable by its owner alone."""
    file = Path(os.environ["MLFLOW_AUTH_CONFIG_PATH"])
    file.unlink(missing_ok=True)
    file.touch(0o600)
    file.write_text(SETTINGS.format(database=os.environ["MLFLOW_BACKEND_STORE_URI"].replace("%", "%%")))
