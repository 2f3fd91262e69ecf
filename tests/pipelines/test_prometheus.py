"""What Prometheus reads, parsed back by its own client."""

import json
import socket
import threading
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from pipelines.__main__ import main
from pipelines.alerts_spec import Alerts
from pipelines.champions import Champion, promote
from pipelines.dataset import ValidatedPartition
from pipelines.drift.policy import Freeze
from pipelines.drift.report import Labels, Revisited
from pipelines.errors import EXIT_CALLER_ERROR
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import GateResult
from pipelines.journal import Event, record
from pipelines.layout import candidate_version, drift_report, evaluation, predictions_manifest, validation_result
from pipelines.metrics import Measured
from pipelines.prometheus import registry
from pipelines.prometheus_machine import MachineCollector
from pipelines.retrain.freeze import freeze
from pipelines.retrain.serving import stop_event
from pipelines.spec import find_dataset, find_model, load_datasets
from pipelines.steps import alert
from pipelines.store import Store
from tests.pipelines.alerts.reports import report, state
from tests.pipelines.months import FEBRUARY, JANUARY, MARCH

MODEL = "flight_delay"


MONTHLY_S = 31 * 86400
DECLARED = {
    ("live",): 0,
    ("train_period_seconds",): MONTHLY_S,
    ("monitor_period_seconds",): MONTHLY_S,
    ("champion_age_limit_seconds",): 3 * MONTHLY_S,
    ("quality_loss_limit", "auc", "warning"): 0.02,
    ("quality_loss_limit", "auc", "critical"): 0.05,
}


EXPECTED = {
    **DECLARED,
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
    ("evaluated_timestamp_seconds",): FEBRUARY.as_of.timestamp(),
    ("evaluation_passed",): 1,
    ("serving_stopped",): 0,
    ("promotions_total",): 1,
    ("withdrawals_total",): 0,
    ("trainings", "2013-03"): 2,
    ("trainings_cpu_seconds", "2013-03"): 20.0,
    ("trainings_gpu_seconds", "2013-03"): 0,
    ("scored_end_timestamp_seconds",): MARCH.as_of.timestamp(),
    ("scored_rows", "2013-02"): 9,
    ("scored_rows", "2013-03"): 8,
    ("training_cpu_seconds",): 12.5,
    ("alerts_open", "info"): 0,
    ("alerts_open", "warning"): 1,
    ("alerts_open", "critical"): 1,
    ("decisions_total", "retrain"): 1,
    ("decisions_total", "wait"): 0,
    ("decisions_total", "ask"): 0,
    ("decisions_total", "stop"): 0,
}


def trained(as_of, cpu_s):
    return json.dumps({"as_of": f"{as_of}T00:00:00+00:00", "cost": {"cpu_s": cpu_s, "gpu_s": None}}).encode()


@pytest.fixture
def lived(store):
    """A model with a champion, an evaluation, a monitored window and a decision."""
    gates = [GateResult("floor", "auc", "pass", "holds"), GateResult("ceiling", "brier", "fail", "too high")]
    measured = {"candidate": {"auc": Measured(0.74, 0.72, 0.76)}}
    judged = Evaluation(MODEL, FEBRUARY.as_of.isoformat(), 2, None, 1, ("", ""), "s", 9, 0, "pass", gates, measured)
    store.write_file(evaluation(MODEL, 2), judged.to_json().encode())
    store.write_file(candidate_version(MODEL, 2), trained("2013-03-01", 12.5))
    store.write_file(candidate_version(MODEL, 1), trained("2013-03-01", 7.5))
    for part, rows in (("2013-02", 9), ("2013-03", 8)):
        store.write_file(predictions_manifest(MODEL, part), json.dumps({"rows": rows}).encode())
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


def read(text, subject="model", name=MODEL):
    """Samples of the model, or of another subject, by name and the labels beside it."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = dict(sample.labels)
            if labels.pop(subject, None) == name:
                key = (sample.name.removeprefix("trainyard_"), *labels.values())
                assert key not in found, f"{key} stands there twice"
                found[key] = sample.value
    return found


def test_all_that_is_watched_is_there(lived, capsys):
    assert main(["metrics"]) == 0
    found = read(capsys.readouterr().out)
    assert found == EXPECTED


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
    found = read(capsys.readouterr().out)
    assert DECLARED.items() <= found.items()
    assert {found[name] for name in found.keys() - DECLARED.keys()} == {0}


def test_a_frozen_and_stopped_model_says_so(store, capsys):
    until = MARCH.as_of
    freeze(store, MODEL, Freeze(until=until, by="ada", reason="holidays"), said_at=until)
    record(store, stop_event(MODEL, until, "2013-03", "the feed is broken"))
    assert main(["metrics"]) == 0
    found = read(capsys.readouterr().out)
    assert (found["frozen_until_timestamp_seconds",], found["serving_stopped",]) == (until.timestamp(), 1)


def test_a_dataset_tells_what_is_in_force_missing_and_in_quarantine(store, capsys):
    for part, status, at in (("2013-01", "passed", JANUARY), ("2013-02", "failed", FEBRUARY), ("2013-03", "", MARCH)):
        verdict = {"part": part, "status": status or "warning", "reasons": [], "digests": {}}
        record(store, Event("validation", "flights", at.as_of, verdict))
        if status != "failed":
            record(store, ValidatedPartition(part, 700, {}, {}).event("flights", at.as_of))
    store.write_file(validation_result("flights", "2013-02"), b'{"rows": 42}')
    assert main(["metrics"]) == 0
    assert read(capsys.readouterr().out, "dataset", "flights") == {
        ("dataset_live",): 0,
        ("dataset_period_seconds",): MONTHLY_S,
        ("dataset_end_timestamp_seconds",): MARCH.as_of.timestamp(),
        ("dataset_rows",): 700,
        ("dataset_partitions", "passed"): 1,
        ("dataset_partitions", "warning"): 1,
        ("dataset_partitions", "failed"): 1,
        ("dataset_partitions_missing",): 1,
        ("dataset_quarantined_rows",): 42,
    }


def test_a_live_dataset_says_that_more_is_due(store):
    live = find_dataset("flights").model_copy(update={"end": None})
    text = generate_latest(registry(store, [find_model(MODEL)], {"flights": live})).decode()
    assert (read(text)["live",], read(text, "dataset", "flights")["dataset_live",]) == (1, 1)


def test_the_age_that_a_spec_declares_is_the_limit(store):
    spec = find_model(MODEL)
    watched = spec.monitoring.model_copy(update={"champion_age": timedelta(days=40)})
    text = generate_latest(registry(store, [spec.model_copy(update={"monitoring": watched})], load_datasets())).decode()
    assert read(text)["champion_age_limit_seconds",] == 40 * 86400


def test_the_machine_tells_its_disks_and_the_newest_backup(store, tmp_path):
    backups = Store(str(tmp_path / "backups"))
    store.write_file("a/file", b"")
    assert machine(store, backups)["backup_timestamp_seconds"] == {(): 0}
    for name in ("2026-11-29T03-00-00-00ff", "2026-11-30T03-00-00-ff00"):
        backups.write_file(f"backups/{name}.json", b"{}")
    found = machine(store, backups)
    assert found["backup_timestamp_seconds"] == {(): datetime(2026, 11, 30, 3, tzinfo=UTC).timestamp()}
    free, size = found["disk_free_bytes"], found["disk_size_bytes"]
    assert set(free) == {("machine",), ("store",)} and all(0 < free[disk] <= size[disk] for disk in free)


def test_without_declared_backups_there_is_nothing_to_be_too_old(store):
    assert "backup_timestamp_seconds" not in machine(store, None)


def machine(store, backups):
    found = CollectorRegistry(auto_describe=False)
    found.register(MachineCollector(store, backups))
    return {
        family.name.removeprefix("trainyard_"): {tuple(one.labels.values()): one.value for one in family.samples}
        for family in text_string_to_metric_families(generate_latest(found).decode())
    }


def test_it_is_served_and_read_anew_for_every_scrape(store):
    found = registry(store, [find_model(MODEL)], load_datasets())
    server, thread = start_http_server(0, "127.0.0.1", found)
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
