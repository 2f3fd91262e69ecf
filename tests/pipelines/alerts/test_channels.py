"""Apprise against local servers: what arrives, and that no part of an address is ever said."""

import logging

import pytest

from pipelines.alerts import channels
from pipelines.alerts.channels import send, unset
from pipelines.alerts.message import Message
from pipelines.errors import CallerError, Unavailable
from tests.pipelines.alerts.servers import SECRET

ALERT = Message("trainyard/m/2013-03", "critical", "critical: m in 2013-03", "It is the unit.\nPage: x", "https://page")
OVER = Message("trainyard/m/2013-03", "resolved", "resolved: m in 2013-04", "Nothing alarms.")


@pytest.fixture
def channel(monkeypatch, home):
    def named(address: str) -> str:
        monkeypatch.setenv("TRAINYARD_CHANNEL_OPS", address)
        return "ops"

    return named


def test_a_webhook_gets_title_body_and_level(hooks, channel, caplog):
    send(channel(f"json://{hooks.address}/{SECRET}"), ALERT)
    (got,) = hooks.at(f"/{SECRET}")
    assert (got["title"], got["message"], got["type"]) == (ALERT.title, ALERT.body, "failure")
    assert SECRET not in caplog.text


def test_slack_gets_one_post_to_its_webhook(hooks, channel, monkeypatch, caplog):
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://{hooks.address}/services")
    token = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    send(channel(f"slack://{token}/"), ALERT)
    (got,) = hooks.at(f"/services/{token}")
    assert "It is the unit." in str(got) and ALERT.title in str(got)
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in caplog.text


def test_pagerduty_opens_and_resolves_one_incident(hooks, channel, monkeypatch):
    from apprise.plugins import pagerduty

    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"http://{hooks.address}/v2/enqueue")
    address = channel("pagerduty://integration-key@api-key")
    send(address, ALERT)
    send(address, OVER)
    opened, resolved = hooks.at("/v2/enqueue")
    assert (opened["event_action"], resolved["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == resolved["dedup_key"] == "trainyard/m/2013-03"
    assert opened["payload"]["severity"] == "critical" and opened["links"] == [{"href": "https://page"}]


def test_a_long_message_is_one_pagerduty_event(hooks, channel, monkeypatch):
    from apprise.plugins import pagerduty

    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"http://{hooks.address}/v2/enqueue")
    send(channel("pagerduty://integration-key@api-key"), Message("i", "warning", "title", "word " * 1000))
    (opened,) = hooks.at("/v2/enqueue")
    assert len(opened["payload"]["summary"]) <= 1024


def test_a_mail_arrives_and_its_password_is_not_said(mailbox, channel, caplog):
    address = f"mailto://ops:{SECRET}@127.0.0.1:{mailbox.port}?from=ops@example.com&to=lead@example.com&mode=insecure"
    send(channel(address), ALERT)
    (mail,) = mailbox.received
    assert mailbox.logins == [("ops", SECRET)]
    assert mail["Subject"] == ALERT.title and "lead@example.com" in mail["To"]
    assert "It is the unit." in mail.get_body(("plain",)).get_content()
    assert SECRET not in caplog.text


def test_a_refusal_names_channel_variable_and_status(hooks, channel, caplog):
    hooks.refuses.add(f"/{SECRET}")
    with pytest.raises(
        Unavailable, match=r"Channel ops refused the message \(HTTP 503\).*TRAINYARD_CHANNEL_OPS"
    ) as told:
        send(channel(f"json://{hooks.address}/{SECRET}"), ALERT)
    assert SECRET not in str(told.value) and SECRET not in caplog.text


def test_a_service_that_is_away_is_no_reason_to_say_its_address(channel, caplog):
    with pytest.raises(Unavailable, match="Channel ops did not take the message") as told:
        send(channel(f"json://user:{SECRET}@127.0.0.1:9/{SECRET}"), ALERT)
    assert SECRET not in str(told.value) and SECRET not in caplog.text


@pytest.mark.parametrize(
    "address", [f"slak://{SECRET}", f"pagerduty://{SECRET}", f"slack://{SECRET}", SECRET, "https://"]
)
def test_what_is_no_address_is_refused_without_repeating_it(channel, caplog, capfd, address):
    with pytest.raises(CallerError, match="TRAINYARD_CHANNEL_OPS is no address that Apprise knows") as told:
        send(channel(address), ALERT)
    said = str(told.value) + caplog.text + "".join(capfd.readouterr())
    assert SECRET not in said


def test_a_channel_without_an_address_names_its_variable(home):
    with pytest.raises(CallerError, match="set TRAINYARD_CHANNEL_ON_CALL to its Apprise URL"):
        send("on_call", ALERT)
    assert unset(["on_call"]) == ["TRAINYARD_CHANNEL_ON_CALL"]


def test_others_are_heard_again_afterwards(hooks, channel, caplog):
    send(channel(f"json://{hooks.address}/x"), ALERT)
    for name in channels.TALKATIVE:
        logging.getLogger(name).warning("of %s", name)
    assert all(f"of {name}" in caplog.text for name in channels.TALKATIVE)


def test_the_check_of_specs_warns_of_channels_without_an_address(home, capsys, monkeypatch, tmp_path):
    from pipelines import spec
    from pipelines.__main__ import main

    text = (spec.MODELS / "flight_delay.toml").read_text()
    (tmp_path / "flight_delay.toml").write_text(
        f'{text}\n[[alerts.routes]]\nseverity = "critical"\nchannels = ["on_call"]\n'
    )
    declared = spec.load_models(tmp_path)
    monkeypatch.setattr(spec, "load_models", lambda: declared)
    assert main(["specs"]) == 0
    assert "flight_delay: alerts.routes names channels without an address here: TRAINYARD_CHANNEL_ON_CALL" in (
        capsys.readouterr().err
    )
    monkeypatch.setenv("TRAINYARD_CHANNEL_ON_CALL", f"json://{SECRET}")
    assert main(["specs"]) == 0
    assert "warning" not in capsys.readouterr().err
