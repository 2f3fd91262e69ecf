"""The declared ages."""

from datetime import timedelta

import pytest

from pipelines.errors import SpecError
from pipelines.retention.settings import SHIPPED, retention


def test_the_shipped_ages_are_read():
    assert retention().recovery_window == timedelta(days=30)


@pytest.mark.parametrize(
    "line, told",
    [
        ('recovery_window = "P1D"', r"recovery_window must be P7D or more.* \(got 'P1D'\)"),
        ('recovery_window = "a month"', "recovery_window must be an ISO 8601 duration"),
        ("recovery_window = 30", "recovery_window must be an ISO 8601 duration"),
        ('recovery = "P30D"', r"unknown key 'recovery' .*allowed here: deleted_runs, drafts"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(tmp_path, monkeypatch, line, told):
    kept = [one for one in SHIPPED.read_text().splitlines() if not one.startswith("recovery_window")]
    own = tmp_path / "own.toml"
    own.write_text("\n".join([*kept, line]))
    monkeypatch.setenv("TRAINYARD_RETENTION", str(own))
    with pytest.raises(SpecError, match=told):
        retention()
