import pytest
from pydantic import ValidationError

from pipelines.alerts_spec import Alerts

WARNING = {"severity": "warning", "channels": ["team_chat"]}
CRITICAL = {"severity": "critical", "channels": ["team_chat", "on_call"], "owner": "night-shift"}


def test_a_severity_has_its_channels_and_its_owner():
    alerts = Alerts.model_validate({"routes": [WARNING, CRITICAL]})
    assert alerts.channels == ["on_call", "team_chat"] and alerts.least == "warning"
    assert alerts.channels_of("critical") == ["team_chat", "on_call"] and alerts.channels_of("info") == []
    assert (alerts.owner_of("critical", "ops"), alerts.owner_of("warning", "ops")) == ("night-shift", "ops")


@pytest.mark.parametrize(
    "given, why",
    [
        ({"routes": [WARNING, WARNING]}, "two for warning: put all its channels into one"),
        ({"routes": [{"severity": "warning", "channels": ["a", "a"]}]}, "names a channel twice"),
        ({"routes": [{"severity": "warning", "channels": []}]}, "at least 1 item"),
        ({"routes": [{"severity": "fatal", "channels": ["a"]}]}, "'info', 'warning' or 'critical'"),
        ({"routes": [{"severity": "warning", "channels": ["slack://T0/B0/secret"]}]}, "match pattern"),
        ({"runbooks": "https://user:secret@wiki"}, "without credentials"),
        ({"runbooks": "docs/runbooks"}, "https:// or http:// address"),
    ],
)
def test_a_wrong_route_is_refused(given, why):
    with pytest.raises(ValidationError, match=why):
        Alerts.model_validate(given)
