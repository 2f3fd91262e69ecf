"""Addresses and credentials, read when they are needed: from the environment, else from the running
one-machine stack's `env` file, else the default that needs no server."""

import os
from pathlib import Path

from pipelines.errors import CallerError

REPO = Path(__file__).resolve().parents[1]


def home() -> Path:
    """The folder of the one-machine stack, and of the default store: TRAINYARD_HOME, else .trainyard."""
    return Path(os.environ.get("TRAINYARD_HOME") or REPO / ".trainyard").expanduser().resolve()


def setting(name: str, default: str) -> str:
    return os.environ.get(name) or read_settings(home() / "env").get(name) or default


def store_uri() -> str:
    return setting("TRAINYARD_STORE", str(home() / "store"))


def tracking_uri() -> str:
    return setting("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")


def feast_registry() -> str:
    """SQLAlchemy URL of Feast's registry: a file registry loses concurrent writes."""
    return setting("TRAINYARD_FEAST_REGISTRY", f"sqlite:///{home() / 'feast' / 'registry.db'}")


def feast_online() -> str:
    """Where Feast keeps the newest values: a file of SQLite, or redis://user:password@host:port/database."""
    return setting("TRAINYARD_FEAST_ONLINE", str(home() / "feast" / "online.db"))


def backups_uri() -> str:
    """A folder or s3://bucket/prefix; empty where no backups are declared."""
    return setting("TRAINYARD_BACKUPS", "")


def whole_number(name: str) -> int | None:
    """Of an environment variable; None where it is not set. Raises CallerError when it is no such number."""
    told = os.environ.get(name, "").strip()
    if told and not told.isdecimal():
        raise CallerError(f"{name} must be a whole number of 0 or more (got {told!r}). Correct it or unset it.")
    return int(told) if told else None


def read_settings(file: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file; empty when there is none."""
    if not file.exists():
        return {}
    lines = (line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in lines}
