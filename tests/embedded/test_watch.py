"""A part counts as hung only after it has failed for long, and long after its start."""

import http.server
import json
import threading

import pytest

from embedded.settings import free_ports
from embedded.watch import HUNG_AFTER_S, STARTS_WITHIN_S, Watch, airflow_probe, page_probe


def watch_that_saw(*answers):
    watch = Watch([])
    for moment, works in answers:
        watch.note({"scheduler": works}, moment)
    return watch


def test_a_part_that_fails_for_long_hangs():
    watch = watch_that_saw((990, True), (1000, False), (1000 + HUNG_AFTER_S, False))
    assert not watch.is_hung("scheduler", launched_at=0, now=999 + HUNG_AFTER_S)
    assert watch.is_hung("scheduler", launched_at=0, now=1000 + HUNG_AFTER_S)


def test_a_part_that_recovers_does_not_hang():
    watch = watch_that_saw((1000, False), (1010, True), (1020, False))
    assert not watch.is_hung("scheduler", launched_at=0, now=1000 + HUNG_AFTER_S)


def test_failures_before_a_restart_do_not_count():
    watch = watch_that_saw((990, True), (1000, False))
    assert not watch.is_hung("scheduler", launched_at=1100, now=1099 + STARTS_WITHIN_S)
    assert watch.is_hung("scheduler", launched_at=1100, now=1100 + STARTS_WITHIN_S)


def test_a_heartbeat_that_the_last_one_left_does_not_shorten_a_start():
    watch = watch_that_saw((1101, True), (1110, False))
    assert not watch.is_hung("scheduler", launched_at=1100, now=1099 + 2 * HUNG_AFTER_S)
    assert watch.is_hung("scheduler", launched_at=1100, now=1100 + 2 * HUNG_AFTER_S)


def test_an_unknown_part_does_not_hang():
    assert not Watch([]).is_hung("mlflow", launched_at=0, now=1e6)


@pytest.fixture
def airflow():
    """A server that answers like Airflow's health page; yields (url, the answer to change)."""
    health = {name: {"status": "healthy"} for name in ("metadatabase", "scheduler", "dag_processor")}

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", health
    server.shutdown()
    server.server_close()


def test_heartbeats_judge_each_component(airflow):
    url, health = airflow
    health["scheduler"]["status"] = "unhealthy"
    found = airflow_probe(url, ("scheduler", "dag-processor"))()
    assert found == {"scheduler": False, "dag-processor": True, "api-server": True}


def test_without_the_database_no_component_is_judged(airflow):
    url, health = airflow
    health["metadatabase"]["status"] = "unhealthy"
    assert airflow_probe(url, ("scheduler",))() == {}


def test_a_silent_server_is_judged_alone():
    (port,) = free_ports(1)
    assert airflow_probe(f"http://127.0.0.1:{port}", ("scheduler",))() == {"api-server": False}
    assert page_probe("mlflow", f"http://127.0.0.1:{port}/health")() == {"mlflow": False}
