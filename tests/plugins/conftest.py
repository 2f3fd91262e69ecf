from collections.abc import Iterator

import pytest

from tests.plugins import airflow_home  # noqa: F401  (before anything imports Airflow)


class TaskLog:
    """What an operator logged, as a person reads it."""

    def __init__(self, entries: list) -> None:
        self._entries = entries

    @property
    def lines(self) -> list[str]:
        return [entry["event"] % tuple(entry.get("positional_args", ())) for entry in self._entries]


@pytest.fixture
def task_log() -> Iterator[TaskLog]:
    from structlog.testing import capture_logs

    with capture_logs() as entries:
        yield TaskLog(entries)
