"""Airflow with the variables of docker/otel/airflow.env says, over OTLP, what the rules and the collector expect."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from pipelines.environment import read_settings
from tests.observability.named_metrics import REPOSITORY, airflows

OTEL = REPOSITORY / "docker" / "otel"
# What the scheduler and a failing task do, through Airflow's own code.
EMITTING = """
from airflow.configuration import conf
from airflow._shared.observability.metrics import stats
from airflow.observability.metrics import stats_utils
stats.initialize(
    factory=stats_utils.get_stats_factory(), export_legacy_names=conf.getboolean("metrics", "legacy_names_on")
)
stats.incr("scheduler_heartbeat", 1, 1)
stats.incr("ti_failures", tags={"dag_id": "m__train", "task_id": "train"})
stats.gauge("scheduler.tasks.starving", 3)
"""
DELTA = 1


@pytest.fixture
def receiver() -> Iterator[ThreadingHTTPServer]:
    """An OTLP receiver on a free port; what it was sent stands in its `received`."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    class Receives(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = ExportMetricsServiceRequest()
            sent.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            server.received.append((self.path, sent))  # type: ignore[attr-defined]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the test says what was wrong."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receives)
    server.received = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def emit(receiver: ThreadingHTTPServer, home: str) -> None:
    told = read_settings(OTEL / "airflow.env")
    told["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{receiver.server_port}"
    environment = {**os.environ, **told, "AIRFLOW_HOME": home}
    done = subprocess.run([sys.executable, "-c", EMITTING], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_processes_of_airflow_count_adds_up(receiver, tmp_path):
    for _ in range(2):
        emit(receiver, str(tmp_path))
    counted, names = Counter(), set()
    for path, sent in receiver.received:
        assert path == "/v1/metrics"
        for resource in sent.resource_metrics:
            for metric in (one for scope in resource.scope_metrics for one in scope.metrics):
                names.add(metric.name)
                if metric.HasField("sum"):
                    # Cumulative ones of two processes would overwrite each other once they are one series.
                    assert metric.sum.aggregation_temporality == DELTA and metric.sum.is_monotonic
                    counted[metric.name] += sum(int(point.as_int) for point in metric.sum.data_points)
    assert counted == {"airflow.scheduler_heartbeat": 2, "airflow.ti_failures": 2}
    assert names - set(counted) == {"airflow.scheduler.tasks.starving"}
    exported = {f"{name.replace('.', '_')}_total" for name in counted} | {"airflow_scheduler_tasks_starving"}
    assert exported <= airflows()


def test_the_collector_joins_what_it_declares():
    told = yaml.safe_load((OTEL / "collector.yaml").read_text(encoding="utf-8"))
    (pipeline,) = told["service"]["pipelines"].values()
    for kind in ("receivers", "processors", "exporters"):
        assert set(pipeline[kind]) == set(told[kind])
    # Refuse before any work; add up once the processes have lost their identity; send in batches last.
    order = pipeline["processors"]
    assert order[0] == "memory_limiter" and order[-1] == "batch"
    assert order.index("resource") < order.index("deltatocumulative")


def test_prometheus_scrapes_where_the_collector_listens():
    told = yaml.safe_load((OTEL / "collector.yaml").read_text(encoding="utf-8"))
    scraped = yaml.safe_load((REPOSITORY / "docker" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in scraped["scrape_configs"]}
    assert targets["airflow"] == [f"otel-collector:{told['exporters']['prometheus']['endpoint'].split(':')[1]}"]
