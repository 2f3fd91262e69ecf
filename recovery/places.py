"""Where the parts of a stack lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.environment import REPO, feast_online, store_uri
from pipelines.errors import CallerError

DATABASES = ("airflow", "mlflow", "feast")
PREFIX = "TRAINYARD_DATABASE_"
ARTIFACTS = "TRAINYARD_ARTIFACTS"
# What declares models and datasets, in the repository.
SPECS = ("pipelines/models", "pipelines/datasets")


@dataclass(frozen=True)
class Places:
    """databases: SQLAlchemy or libpq address by name; store, artifacts: a folder or s3://; online: the file of
    Feast's online store, None where it is a server's, which is filled again from the features."""

    databases: Mapping[str, str] = field(repr=False)
    store: str
    artifacts: str
    online: Path | None = None
    repository: Path = REPO

    @classmethod
    def from_environment(cls) -> "Places":
        """Of servers. Raises CallerError with the variables that are not set."""
        wanted = {name: f"{PREFIX}{name.upper()}" for name in DATABASES}
        missing = [variable for variable in (*wanted.values(), ARTIFACTS) if not os.environ.get(variable)]
        if missing:
            raise CallerError(
                f"Not set: {', '.join(missing)}. Give the addresses of the databases "
                "(postgresql://user:password@host/name) and of MLflow's artifacts (a folder or s3://bucket/prefix); "
                "on the one-machine stack: make backup"
            )
        online = Path(feast_online())
        return cls(
            databases={name: os.environ[variable] for name, variable in wanted.items()},
            store=store_uri(),
            artifacts=os.environ[ARTIFACTS],
            online=online if online.is_file() else None,
        )
