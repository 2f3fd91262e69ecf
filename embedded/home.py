"""The folder that holds the stack's state, its secrets and the environment that its programs share."""

import base64
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines import environment

REPO = environment.REPO


@dataclass(frozen=True)
class Home:
    """The stack's folder; every path below it has its name here and nowhere else."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        return cls(environment.home())

    @property
    def pg(self) -> Path:
        return self.root / "pg"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def mlflow(self) -> Path:
        return self.root / "mlflow"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def feast(self) -> Path:
        return self.root / "feast"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    @property
    def passwords_file(self) -> Path:
        return self.airflow / "passwords.json"

    @property
    def env_file(self) -> Path:
        return self.root / "env"

    @property
    def state_file(self) -> Path:
        return self.root / "state.json"

    @property
    def pid_file(self) -> Path:
        return self.root / "supervisor.pid"

    @property
    def socket_file(self) -> Path:
        """Remembers where PostgreSQL's socket lies when this folder's own path is too long for one."""
        return self.root / "pg_socket"

    def log(self, service: str) -> Path:
        return self.logs / f"{service}.log"

    def make(self) -> None:
        """Make the folders; what exists stays."""
        for folder in (self.airflow, self.mlflow, self.store, self.feast, self.logs, self.reports):
            folder.mkdir(parents=True, exist_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically, readable by its owner alone from its first byte on."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def ensure_secrets(home: Home) -> dict[str, str]:
    """The stack's generated secrets, made on the first call and kept.

    Returns admin_password, fernet_key, jwt_secret and api_secret_key.
    """
    if home.secrets_file.exists():
        found: dict[str, str] = json.loads(home.secrets_file.read_text())
    else:
        found = {
            "admin_password": secrets.token_urlsafe(12),
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "jwt_secret": secrets.token_urlsafe(48),
            "api_secret_key": secrets.token_urlsafe(32),
        }
        write_private(home.secrets_file, json.dumps(found, indent=2) + "\n")
    if not home.passwords_file.exists():
        write_private(home.passwords_file, json.dumps({"admin": found["admin_password"]}) + "\n")
    return found


def ensure_passwords(home: Home, users: Iterable[str]) -> None:
    """Give each of Airflow's users a password, kept once made: Airflow would make one and print it to its log."""
    found: dict[str, str] = json.loads(home.passwords_file.read_text())
    missing = {user: secrets.token_urlsafe(12) for user in users if user not in found}
    if missing:
        write_private(home.passwords_file, json.dumps(found | missing) + "\n")


def shared_environment(home: Home, airflow_port: int, mlflow_port: int, feast_registry: str) -> dict[str, str]:
    """What every step and client reads: where the store, Feast, MLflow and Airflow are."""
    return {
        "TRAINYARD_HOME": str(home.root),
        "TRAINYARD_STORE": str(home.store),
        "TRAINYARD_FEAST_REGISTRY": feast_registry,
        "TRAINYARD_FEAST_ONLINE": str(home.feast / "online.db"),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{mlflow_port}",
        "TRAINYARD_AIRFLOW_URL": f"http://127.0.0.1:{airflow_port}",
        "TRAINYARD_AIRFLOW_USER": "admin",
        "TRAINYARD_AIRFLOW_PASSWORD_FILE": str(home.passwords_file),
    }


def write_env_file(home: Home, settings: dict[str, str]) -> None:
    """Write KEY=VALUE lines, so that a shell or the CLI outside the stack finds the same servers."""
    write_private(home.env_file, "".join(f"{key}={value}\n" for key, value in settings.items()))


def read_env_file(home: Home) -> dict[str, str]:
    """The shared environment as last written; empty before the first start."""
    return environment.read_settings(home.env_file)
