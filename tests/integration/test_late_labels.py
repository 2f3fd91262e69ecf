"""The monitor over three months whose labels come weeks later, on a real store and MLflow."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.drift.report import DriftReport
from pipelines.interval import partition_interval
from pipelines.layout import drift_report, monitoring_table, predictions_manifest, predictions_table
from pipelines.monitoring_spec import Monitoring
from pipelines.registry import Registry
from pipelines.steps import detect_drift, featurize, predict, validate
from pipelines.store import Store
from pipelines.table_versions import digest_of
from tests.conftest import use_home
from tests.integration.small_model import SMALL
from tests.pipelines.months import APRIL, MARCH, pull, thin

pytestmark = pytest.mark.slow
MAY = partition_interval("2013-05", "month")
# A few hundred flights a month are late by chance alone as often as .05 more than a small model says.
WATCHED = Monitoring(
    metric="auc", warning_loss=0.02, critical_loss=0.05, prediction_bias=0.1, label_delay="P10D", label_coverage=0.9
)
SPEC = SMALL.model_copy(update={"monitoring": WATCHED})
LATE_BY = timedelta(days=20)


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


def with_late_labels(rows: pa.Table) -> pa.Table:
    """What became of two flights in three is known weeks after they landed."""
    late = pa.array(np.arange(rows.num_rows) % 3 > 0)
    known_at = pc.if_else(late, pc.add(rows["landed_at"], pa.scalar(LATE_BY)), rows["landed_at"])
    return rows.set_column(rows.schema.get_field_index("landed_at"), "landed_at", known_at)


@pytest.fixture(scope="module")
def scored_home(released_home, year, flights, mlflow_server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """March to May pulled and scored, in March upside down: late flights are given the low scores."""
    home, registry = tmp_path_factory.mktemp("scored") / "home", Registry(mlflow_server.uri)
    shutil.copytree(released_home / "store", home / "store")
    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, home)
        store = Store(str(home / "store"))
        for month in (MARCH, APRIL, MAY):
            pull(store, year, month, with_late_labels(thin(year, month)))
            validate.run(flights, month, store)
            featurize.run(flights, month, store)
            predict.run(SPEC, month, store, registry)
        table = predictions_table(SPEC.name)
        rows = store.read(table, part="2013-03")
        upside_down = rows.set_column(rows.schema.get_field_index("score"), "score", pc.subtract(1.0, rows["score"]))
        store.replace_partition(table, upside_down, "2013-03")
        manifest = predictions_manifest(SPEC.name, "2013-03")
        told = json.loads(store.read_file(manifest)) | {"digest": digest_of(upside_down)}
        store.write_file(manifest, json.dumps(told).encode())
    return home


@pytest.fixture
def scored(scored_home, home) -> Store:
    shutil.copytree(scored_home / "store", home / "store")
    return Store(str(home / "store"))


def monitored(store, registry, month) -> DriftReport:
    detect_drift.run(SPEC, month, store, registry)
    return DriftReport.from_json(store.read_file(drift_report(SPEC.name, f"{month.start:%Y-%m}")))


def test_a_lost_window_alarms_in_the_run_in_which_its_labels_are_in_and_when_that_is_repeated(scored, registry):
    march, april, may = (monitored(scored, registry, month) for month in (MARCH, APRIL, MAY))
    assert [report.labels.final for report in (march, april, may)] == [False, False, False]
    assert march.quality_severity is None and march.revisited == []

    [looked_at] = april.revisited
    assert (looked_at.part, looked_at.labels.final) == ("2013-03", True)
    assert looked_at.labels.covered > 0.9 > march.labels.covered
    assert (april.quality_severity, april.told_quality, april.severity) == (None, "critical", "critical")
    assert april.reasons[0].startswith("critical: revisited 2013-03: loss of auc")
    assert april.attribution.sentence.startswith("Revisited 2013-03: auc lost")

    [looked_at] = may.revisited
    assert looked_at.part == "2013-04" and may.told_quality == "ok", "April's scores are as good as ever"

    version, files = scored.version(monitoring_table(SPEC.name)), scored.files_below("labels").keys()
    assert monitored(scored, registry, APRIL) == april, "the same again, after May's"
    assert scored.version(monitoring_table(SPEC.name)) == version
    assert scored.files_below("labels").keys() == files


def test_a_window_that_was_pulled_anew_with_other_rows_is_told_of_and_stops_nothing(scored, flights, year, registry):
    monitored(scored, registry, MARCH)
    fewer = with_late_labels(thin(year, MARCH)).slice(5)
    pull(scored, year, MARCH, fewer)
    validate.run(flights, MARCH, scored)
    featurize.run(flights, MARCH, scored)
    april = monitored(scored, registry, APRIL)
    assert april.revisited == [] and list(april.not_revisited) == ["2013-03"]
    [told] = [reason for reason in april.reasons if "2013-03 cannot be looked at again" in reason]
    assert "made on other rows" in told and f"backfill {SPEC.name}__predict" in told
    assert len(april.states) > 50, "April's own series are all there"
