"""What Prometheus reads, parsed back by its own client."""

import json
import socket
import threading
import urllib.request
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipelines.__main__ import main
from pipelines.alerts_spec import Alerts
from pipelines.champions import Champion, promote
from pipelines.drift.report import Labels, Revisited
from pipelines.errors import EXIT_CALLER_ERROR
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.journal import Event, record
from pipelines.layout import candidate_version, drift_report, evaluation
from pipelines.metrics import Measured
from pipelines.spec import find_model
from pipelines.steps import alert
from tests.pipelines.alerts.reports import report, state
from tests.pipelines.months import FEBRUARY, MARCH

MODEL = "flight_delay"


@pytest.fixture
def lived(store):
    """A model with a champion, an evaluation, a monitored window and a decision."""
    gates = [GateResult("floor", "auc", "pass", "holds"), GateResult("ceiling", "brier", "fail", "too high")]
    measured = {"candidate": {"auc": Measured(0.74, 0.72, 0.76)}}
    judged = Evaluation(MODEL, FEBRUARY.as_of.isoformat(), 2, None, 1, ("", ""), "s", 9, 0, "pass", gates, measured)
    store.write_file(evaluation(MODEL, 2), judged.to_json().encode())
    store.write_file(candidate_version(MODEL, 2), json.dumps({"cost": {"cpu_s": 12.5, "gpu_s": None}}).encode())
    promote(store, MODEL, Champion(2, "run", FEBRUARY.as_of, FEBRUARY.as_of), "digest")
    seen = report(
        "2013-03",
        state("quality", "loss", "auc", "critical", value=0.06),
        state("quality", "loss", "auc[carrier=AA]", "ok", value=0.01),
        state("freshness", "feature_age_h", "weather", "ok", value=2.0),
        state("input", "psi", "carrier", "warning"),
    )
    store.write_file(drift_report(MODEL, "2013-03"), seen.to_json().encode())
    record(store, Event("drift", MODEL, MARCH.as_of, {"part": "2013-03", "severity": "critical", "reasons": []}))
    record(
        store, Event("decision", MODEL, MARCH.as_of, {"part": "2013-03", "decision": "retrain", "reason": "it fell"})
    )
    alert.run(find_model(MODEL).model_copy(update={"alerts": Alerts()}), MARCH, store)
    return store


def read(text):
    """Samples of the model by name and the labels beside it."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop("model") == MODEL:
                key = (sample.name.removeprefix("trainyard_"), *labels.values())
                assert key not in found, f"{key} stands there twice"
                found[key] = sample.value
    return found


def test_all_that_is_watched_is_there(lived, capsys):
    assert main(["metrics"]) == 0
    found = read(capsys.readouterr().out)
    expected = {
        ("champion_version",): 2,
        ("champion_since_timestamp_seconds",): FEBRUARY.as_of.timestamp(),
        ("reference_quality", "auc"): 0.74,
        ("reference_quality_low", "auc"): 0.72,
        ("reference_quality_high", "auc"): 0.76,
        ("quality_loss", "auc"): 0.06,
        ("labelled_ratio",): 1.0,
        ("window_end_timestamp_seconds",): MARCH.as_of.timestamp(),
        ("window_readable",): 1,
        ("drift_severity", "quality"): 3,
        ("drift_severity", "input"): 2,
        ("drift_severity", "freshness"): 0,
        ("feature_age_seconds", "weather"): 7200,
        ("gate_passed", "floor", "auc"): 1,
        ("gate_passed", "ceiling", "brier"): 0,
        ("evaluated_version",): 2,
        ("training_cpu_seconds",): 12.5,
        ("alerts_open", "info"): 0,
        ("alerts_open", "warning"): 1,
        ("alerts_open", "critical"): 1,
        ("decisions_total", "retrain"): 1,
        ("decisions_total", "wait"): 0,
        ("decisions_total", "ask"): 0,
        ("decisions_total", "stop"): 0,
    }
    assert found == expected


@pytest.mark.parametrize("content", [b'{"part": "2013-03"}', None])
def test_a_report_that_cannot_be_read_silences_nothing_else(lived, capsys, content):
    if content is None:
        lived.delete(drift_report(MODEL, "2013-03"))
    else:
        lived.write_file(drift_report(MODEL, "2013-03"), content)
    assert main(["metrics"]) == 0
    found = read(capsys.readouterr().out)
    assert (found["window_readable",], found["champion_version",]) == (0, 2)
    assert ("labelled_ratio",) not in found


def test_quality_that_late_labels_tell_is_the_newest_that_is_known(lived, capsys):
    lost = state("quality", "loss", "auc", "critical", value=9.0)
    again = Revisited("2013-02", 3, Labels(9, 9, 0, True), [lost], ["quality/loss/auc"])
    awaited = report("2013-03", state("quality", "loss", "auc", "ok", value=None), quality=None)
    seen = replace(awaited, revisited=[again])
    lived.write_file(drift_report(MODEL, "2013-03"), seen.to_json().encode())
    assert main(["metrics"]) == 0
    found = read(capsys.readouterr().out)
    assert (found["quality_loss", "auc"], found["drift_severity", "quality"]) == (9.0, 3)


def test_the_same_store_says_the_same_twice(lived, capsys, tmp_path):
    main(["metrics"])
    printed = capsys.readouterr().out
    assert main(["metrics", "--textfile", str(tmp_path / "trainyard.prom")]) == 0
    assert (tmp_path / "trainyard.prom").read_text() == printed


def test_a_store_without_anything_has_no_alert_and_no_decision(store, capsys):
    assert main(["metrics"]) == 0
    assert set(read(capsys.readouterr().out).values()) == {0}


def test_it_is_served_and_read_anew_for_every_scrape(store):
    from prometheus_client import start_http_server

    from pipelines.prometheus import registry

    server, thread = start_http_server(0, "127.0.0.1", registry(store, [MODEL]))
    try:
        assert ("champion_version",) not in scrape(server.server_port)
        promote(store, MODEL, Champion(7, "run", FEBRUARY.as_of, FEBRUARY.as_of), "digest")
        assert scrape(server.server_port)[("champion_version",)] == 7
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert thread not in threading.enumerate()


def test_a_port_that_is_taken_is_told(store, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["metrics", "--port", str(taken.getsockname()[1])]) == EXIT_CALLER_ERROR
    assert "in use. Give a free --port" in capsys.readouterr().err


def scrape(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        return read(answer.read().decode())
