"""The monitor is killed in every one of its writes, one after the other, and ends as if nothing had happened."""

import multiprocessing
import os
import shutil
import signal
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from pipelines.drift.report import DriftReport
from pipelines.journal import events, everything
from pipelines.layout import drift_page, drift_report, drift_snapshot, monitoring_table
from pipelines.registry import Registry
from pipelines.steps import alert, decide_retrain, detect_drift, featurize, predict, validate
from pipelines.store import Store
from pipelines.table_versions import digest_of
from tests.integration.small_model import SMALL
from tests.pipelines.months import APRIL, pull

pytestmark = pytest.mark.slow
NAME, PART = SMALL.name, "2013-04"


class Killed(Store):
    """Ends its process by SIGKILL at the first point of a write at which none ended before: of a file when half of it
    is written, of a partition before its commit, of the journal before its commit or after it.

    deaths: a file that names those points.
    """

    deaths: Path

    def write_file(self, path: str, content: bytes) -> str:
        put_in_place = Path.replace
        Path.replace = lambda partial, target: (self.reach(path, partial), put_in_place(partial, target))[1]
        try:
            return super().write_file(path, content)
        finally:
            Path.replace = put_in_place

    def replace_partition(self, table, *told, **rest):
        self.reach(table)
        return super().replace_partition(table, *told, **rest)

    def commit_after(self, table, *told, **rest):
        self.reach(table)
        written = super().commit_after(table, *told, **rest)
        self.reach(f"{table}, written")
        return written

    def reach(self, point: str, partial: Path | None = None) -> None:
        if point in self.deaths.read_text().splitlines():
            return
        if partial is not None:
            os.truncate(partial, partial.stat().st_size // 2)
        with self.deaths.open("a") as told:
            print(point, file=told)
        os.kill(os.getpid(), signal.SIGKILL)


def monitor_and_be_killed(uri: str, tracking_uri: str, deaths: Path) -> None:
    store = Killed(uri)
    store.deaths = deaths
    detect_drift.run(SMALL, APRIL, store, Registry(tracking_uri))


@pytest.fixture
def whole(released, year, flights, mlflow_server, tmp_path) -> Store:
    """Another store with April scored too, and monitored by a run that nobody killed."""
    registry = Registry(mlflow_server.uri)
    pull(released, year, APRIL)
    for step in (validate, featurize):
        step.run(flights, APRIL, released)
    predict.run(SMALL, APRIL, released, registry)
    copy = Store(str(shutil.copytree(released.uri, tmp_path / "whole")))
    detect_drift.run(SMALL, APRIL, copy, registry)
    return copy


def decided_and_told(store: Store) -> list[str]:
    outcomes = [step.run(SMALL, APRIL, store).outcome for step in (decide_retrain, alert)]
    return [*outcomes, *sorted(repr(replace(event, written_at=None)) for event in everything(store))]


def test_a_monitor_that_is_killed_in_each_of_its_writes_ends_as_one_that_never_was(
    whole, released, mlflow_server, tmp_path
):
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pipelines.steps.detect_drift", "evidently"])
    deaths, arguments = tmp_path / "deaths", (released.uri, mlflow_server.uri, tmp_path / "deaths")
    deaths.touch()
    for kills in count():
        victim = context.Process(target=monitor_and_be_killed, args=arguments)
        victim.start()
        victim.join()
        if victim.exitcode == 0:
            break
        assert victim.exitcode == -signal.SIGKILL, f"what {kills} kills left keeps it from running"
    report_file, table = drift_report(NAME, PART), monitoring_table(NAME)
    died_in, pages = deaths.read_text().splitlines(), [drift_page(NAME, PART), drift_snapshot(NAME, PART)]
    assert {report_file, *pages, table, "journal", "journal, written"} < {*died_in} and len(died_in) == kills
    assert released.read_file(report_file) == whole.read_file(report_file)
    assert all(released.exists(page) for page in pages), "Evidently gives each drawing ids of its own"
    report = DriftReport.from_json(released.read_file(report_file))
    assert [one.part for one in report.revisited] == ["2013-03"]
    assert digest_of(released.read(table)) == digest_of(whole.read(table)) and len(released.parts(table)) == 1
    assert len(events(released, "drift", NAME)) == 1
    assert decided_and_told(released) == decided_and_told(whole)
