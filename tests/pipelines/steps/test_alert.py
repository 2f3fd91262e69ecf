"""The alert step against local servers: what people get, and when they get nothing."""

import json

import pytest

from pipelines.alerts_spec import Alerts, Route
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.interval import partition_interval
from pipelines.journal import Event, everything, latest, record
from pipelines.layout import drift_report
from pipelines.spec import find_model
from pipelines.steps import alert
from tests.pipelines.alerts.reports import SENTENCE, report, state
from tests.pipelines.alerts.servers import SECRET, Hooks, running

MODEL = "flight_delay"
CALM = state("input", "psi", "temperature_f", "ok")
WARM = state("input", "psi", "temperature_f", "warning")
HOT = state("input", "step", "temperature_f", "critical")
ROUTES = [
    Route(severity="warning", channels=["team_chat"]),
    Route(severity="critical", channels=["team_chat", "on_call"], owner="night-shift"),
]


@pytest.fixture
def hooks():
    with running(Hooks()) as server:
        yield server


@pytest.fixture
def told(store, hooks, monkeypatch):
    """A store, and what the two channels were sent: `told('team_chat')`."""
    for name in ("team_chat", "on_call"):
        monkeypatch.setenv(f"TRAINYARD_CHANNEL_{name.upper()}", f"json://{hooks.address}/{name}-{SECRET}")
    return lambda name: hooks.at(f"/{name}-{SECRET}")


def spec(routes=ROUTES, **given):
    return find_model(MODEL).model_copy(update={"alerts": Alerts(routes=routes, **given)})


def monitored(store, part, *states, answer="wait", reason="inside the cooldown"):
    """What detect_drift and decide_retrain leave of a window."""
    made, at = report(part, *states), partition_interval(part, "month").as_of
    store.write_file(drift_report(MODEL, part), made.to_json().encode())
    record(store, Event("drift", MODEL, at, {"part": part, "severity": made.severity, "reasons": made.reasons}))
    record(store, Event("decision", MODEL, at, {"part": part, "decision": answer, "reason": reason}))


def run(store, part, model=None, **given):
    return alert.run(model or spec(), partition_interval(part, "month"), store, **given)


def test_one_message_has_sentence_worst_reasons_decision_links_and_owner(store, told, monkeypatch):
    monkeypatch.setenv("TRAINYARD_URL", "https://yard.example.com/store/")
    columns = ["temperature_f", "humidity_pct", "carrier", "origin", "dest"]
    monitored(store, "2013-03", *(state("input", "psi", name, "warning") for name in columns), answer="ask")
    ran = run(store, "2013-03", run_url="https://airflow/dags/x/runs/y")
    (got,) = told("team_chat")
    assert got["title"] == "warning: flight_delay in 2013-03"
    assert got["message"].splitlines() == [
        SENTENCE,
        "- psi of temperature_f is 9.0",
        "- psi of humidity_pct is 9.0",
        "- psi of carrier is 9.0",
        "- and 2 more in drift/flight_delay/2013-03.json",
        "Decision: ask, inside the cooldown",
        "Owner of the data: flight-data; of the model: flight-operations.",
        "Since 2013-03, model version 3.",
        "Page: https://yard.example.com/store/drift/flight_delay/2013-03.html",
        "Run: https://airflow/dags/x/runs/y",
        "Runbook: docs/runbooks/drift-alarm.md",
    ]
    assert ran.outcome == "2013-03: warning to team_chat" and told("on_call") == []


def test_a_second_run_of_the_window_sends_and_writes_nothing(store, told):
    monitored(store, "2013-03", WARM)
    first = run(store, "2013-03")
    said = everything(store)
    assert run(store, "2013-03") == first
    assert len(told("team_chat")) == 1 and everything(store) == said


def test_an_incident_is_told_once_again_when_it_rises_and_once_when_it_is_over(store, told):
    for part, states in {
        "2013-03": [WARM],
        "2013-04": [WARM],
        "2013-05": [HOT],
        "2013-06": [HOT],
        "2013-07": [CALM],
    }.items():
        monitored(store, part, *states)
        run(store, part)
    assert [one["title"] for one in told("team_chat")] == [
        "warning: flight_delay in 2013-03",
        "critical (was warning): flight_delay in 2013-05",
        "resolved: flight_delay in 2013-07",
    ]
    assert [one["type"] for one in told("on_call")] == ["failure", "success"]
    assert "of the model: night-shift.\nSince 2013-03" in told("on_call")[0]["message"]
    assert latest(store, "alert", MODEL).content["incident"]["key"] is None


def test_a_refused_channel_is_told_on_the_retry_and_the_other_is_not_told_twice(store, told, hooks):
    hooks.refuses.add(f"/on_call-{SECRET}")
    monitored(store, "2013-03", HOT)
    with pytest.raises(Unavailable, match="Channel on_call refused the message"):
        run(store, "2013-03")
    assert (len(told("team_chat")), len(told("on_call"))) == (1, 0)
    hooks.refuses.clear()
    run(store, "2013-03")
    assert (len(told("team_chat")), len(told("on_call"))) == (1, 1)


def test_what_a_channel_refused_to_the_end_it_gets_with_the_next_window(store, told, hooks):
    hooks.refuses.add(f"/on_call-{SECRET}")
    monitored(store, "2013-03", HOT)
    with pytest.raises(Unavailable):
        run(store, "2013-03")
    hooks.refuses.clear()
    monitored(store, "2013-04", HOT)
    run(store, "2013-04")
    assert (len(told("team_chat")), len(told("on_call"))) == (1, 1)


def test_a_channel_without_an_address_stops_no_other_and_is_named(store, told, monkeypatch):
    monkeypatch.delenv("TRAINYARD_CHANNEL_ON_CALL")
    monitored(store, "2013-03", HOT)
    with pytest.raises(CallerError, match="Set TRAINYARD_CHANNEL_ON_CALL"):
        run(store, "2013-03")
    assert len(told("team_chat")) == 1


def test_a_missing_address_is_found_in_calm_weather(store, told, monkeypatch):
    monkeypatch.delenv("TRAINYARD_CHANNEL_ON_CALL")
    monitored(store, "2013-03", CALM)
    with pytest.raises(CallerError, match="Set TRAINYARD_CHANNEL_ON_CALL"):
        run(store, "2013-03")
    assert "asked to be quiet" in run(store, "2013-03", quiet=True).outcome


def test_a_quiet_run_tells_nobody_and_the_first_loud_one_tells_what_goes_on(store, told):
    monitored(store, "2013-03", WARM)
    assert "nobody told" in run(store, "2013-03", quiet=True).outcome
    assert told("team_chat") == [] and latest(store, "alert", MODEL).content["severity"] == "warning"
    monitored(store, "2013-04", WARM)
    run(store, "2013-04")
    assert "Since 2013-03" in told("team_chat")[0]["message"]


def test_an_old_window_run_again_is_no_news(store, told):
    for part in ("2013-03", "2013-04"):
        monitored(store, part, CALM)
        run(store, part)
    monitored(store, "2013-03", HOT)
    assert run(store, "2013-03").outcome == "2013-03: nobody told, 2013-04 was told of already"
    assert told("team_chat") == []


def test_a_monitor_that_stood_still_is_told_of_by_its_next_run_and_is_over_with_the_one_after(store, told):
    for part in ("2013-03", "2013-06"):
        monitored(store, part, CALM)
        run(store, part)
    (got,) = told("team_chat")
    assert got["message"].startswith("Not monitored when it was due: 2013-04, 2013-05.\n")
    monitored(store, "2013-07", CALM)
    run(store, "2013-07")
    assert told("team_chat")[1]["title"] == "resolved: flight_delay in 2013-07"


def test_without_routes_it_is_journalled_only(store, told):
    monitored(store, "2013-03", HOT)
    assert run(store, "2013-03", spec(routes=[])).outcome == "2013-03: nothing to tell"
    assert latest(store, "alert", MODEL).content["incident"]["things"] == {"input/temperature_f": "critical"}


def test_no_address_is_said_or_kept_anywhere(store, told, hooks, caplog, capfd, tmp_path):
    caplog.set_level(0)
    hooks.refuses.add(f"/on_call-{SECRET}")
    monitored(store, "2013-03", HOT)
    with pytest.raises(Unavailable) as failed:
        run(store, "2013-03")
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    said = json.dumps([event.content for event in everything(store)]) + caplog.text + "".join(capfd.readouterr())
    assert len(told("team_chat")) == 1
    assert SECRET not in said + str(failed.value) and SECRET.encode() not in kept


def test_a_window_that_was_not_monitored_names_the_next_command(store, told):
    with pytest.raises(MissingInput, match=r"2013-03 has no drift report\. Backfill it first: .*flight_delay__monitor"):
        run(store, "2013-03")
