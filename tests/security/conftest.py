import pytest

from tests.plugins import airflow_home  # noqa: F401  (before anything imports Airflow)
from tests.security.hostile import marked


@pytest.fixture
def mark(tmp_path):
    """A file that nothing may make."""
    file = tmp_path / "marked"
    yield file
    assert not file.exists(), f"somebody's text was run: it made {file}"


@pytest.fixture
def hostile(mark) -> list[str]:
    return marked(mark)
