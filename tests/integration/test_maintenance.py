"""Maintenance of a store that has a release, and of the MLflow that has its version."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from pipelines.candidate import read_candidate
from pipelines.layout import raw_table
from pipelines.registry import Registry
from pipelines.release.releases import release_of
from pipelines.release.reproduction import reproduce
from pipelines.retention.maintenance import carry_out, plan
from pipelines.retention.settings import retention
from tests.integration.small_model import SMALL
from tests.pipelines.months import FEBRUARY, thin
from tests.pipelines.retention.histories import age

pytestmark = pytest.mark.slow
AGES = retention()


@pytest.fixture
def registry(mlflow_server) -> Registry:
    return Registry(mlflow_server.uri)


def test_a_release_is_reproduced_after_its_rows_were_corrected_and_maintenance_ran(released, year, registry):
    version = read_candidate(released, SMALL.name, FEBRUARY.as_of).version
    table, rows = raw_table("flights", "flights"), thin(year, FEBRUARY)
    released.replace_partition(table, rows.slice(0, 400), "2013-02")
    released.replace_partition(table, rows.slice(0, 300), "2013-02")
    age(released, days=100)
    found = plan(released, AGES, datetime.now(UTC))
    (work,) = [one for one in found.tables if one.table == table]
    # Of the two corrections the first; the rows that the release was made from stay.
    assert len(work.unneeded) == 1
    carry_out(released, found, AGES)
    assert reproduce(released, registry, release_of(released, SMALL.name, version), report=print).outcome == "identical"
    assert not plan(released, AGES, datetime.now(UTC)).anything


def test_a_deleted_run_goes_only_when_no_version_needs_it(released, registry):
    made, client = read_candidate(released, SMALL.name, FEBRUARY.as_of), registry.client
    later = datetime.now(UTC) + timedelta(days=31)
    loose = client.create_run(client.create_experiment(uuid.uuid4().hex)).info.run_id
    client.delete_run(loose)
    found = plan(released, AGES, later, registry)
    assert found.runs is not None and loose in found.runs.ids and not found.runs.needed
    assert loose not in plan(released, AGES, datetime.now(UTC), registry).runs.ids
    client.delete_run(made.run_id)
    try:
        found = plan(released, AGES, later, registry)
        assert made.run_id not in found.runs.ids
        assert [one for one in found.runs.needed if made.run_id in one and "mlflow runs restore" in one]
        assert [line for line in found.lines() if "MLflow's gc is not asked" in line]
    finally:
        client.restore_run(made.run_id)


def test_mlflows_gc_frees_the_run_and_leaves_the_release(released, registry, mlflow_server, monkeypatch):
    made, client = read_candidate(released, SMALL.name, FEBRUARY.as_of), registry.client
    loose = client.create_run(client.create_experiment(uuid.uuid4().hex)).info.run_id
    client.delete_run(loose)
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", f"sqlite:///{mlflow_server.folder / 'mlflow.db'}")
    ages = AGES.model_copy(update={"deleted_runs": timedelta(0)})
    found = plan(released, ages, datetime.now(UTC) + timedelta(days=1), registry)
    carry_out(released, found, ages, registry)
    assert loose not in plan(released, ages, datetime.now(UTC) + timedelta(days=1), registry).runs.ids
    assert registry.load(SMALL.name, made.version, made.digests).booster.num_boosted_rounds() == made.rounds
