"""What the demo needs to know of a stack that runs, whichever of the two it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Commands:
    """What a person types next."""

    again: str
    stop: str
    logs: str


class Served(Protocol):
    """A stack that runs. environment: what its clients read; login: said to people; reports: where pictures go."""

    @property
    def airflow_url(self) -> str: ...

    @property
    def mlflow_url(self) -> str: ...

    @property
    def password(self) -> str: ...

    @property
    def login(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]: ...

    @property
    def reports(self) -> Path: ...

    @property
    def commands(self) -> Commands: ...
