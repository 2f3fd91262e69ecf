"""Start MLflow's server: everybody but /health is asked for a password, artifacts pass through it to the store."""

import os
import sys

import auth

COMMAND = (
    *(sys.executable, "-m", "mlflow", "server", "--host=0.0.0.0", "--port=5000", "--workers=1"),
    *("--app-name=basic-auth", "--serve-artifacts", "--artifacts-destination=s3://mlflow/artifacts"),
)


def main() -> None:
    auth.write()
    # Its own, for forms; the database's address is read from the environment, and stands in no list of processes.
    os.execv(sys.executable, COMMAND)


if __name__ == "__main__":
    main()
