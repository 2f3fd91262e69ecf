"""MLflow down at start, half way and back again: one clear line, nothing promoted, the same command goes on."""

import json

import pytest

from pipelines.champions import champions
from pipelines.errors import MissingInput, Unavailable
from pipelines.registry import Registry
from pipelines.spec import find_model
from pipelines.steps import assemble, evaluate, train
from pipelines.steps import promote as promote_step
from tests.integration.conftest import MLflow
from tests.pipelines.months import FEBRUARY

pytestmark = pytest.mark.slow
SPAN = ("--start", "2013-02-01", "--end", "2013-03-01")


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Fewer attempts than the steps make, for the tests' sake."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")


@pytest.fixture
def spec():
    shipped = find_model("flight_delay")
    gates = [gate for gate in shipped.gates if gate.kind == "ceiling"]
    training = shipped.training.model_copy(update={"max_rounds": 4, "baselines": []})
    return shipped.model_copy(update={"training": training, "gates": gates})


@pytest.fixture
def server(tmp_path):
    server = MLflow(tmp_path / "mlflow")
    server.start()
    yield server
    server.kill()


def test_a_server_that_is_away_at_start_fails_with_one_clear_line(joined_store, own_process, spec, tmp_path):
    assemble.run(spec, FEBRUARY, joined_store)
    nobody = MLflow(tmp_path / "nobody")
    ran = own_process("train", "--model", "flight_delay", *SPAN, MLFLOW_TRACKING_URI=nobody.uri)
    assert ran.returncode == 1
    last = ran.stderr.strip().splitlines()[-1]
    assert last.startswith(f"MLflow does not answer at {nobody.uri}.") and "make up" in last
    assert "Traceback" not in ran.stderr
    assert champions(joined_store, "flight_delay") == []


def test_a_server_that_goes_away_half_way_leaves_nothing_promoted_and_the_loop_resumes(joined_store, spec, server):
    registry = Registry(server.uri)
    assemble.run(spec, FEBRUARY, joined_store)
    made = train.run(spec, FEBRUARY, joined_store, registry)
    server.kill()
    with pytest.raises(Unavailable, match="MLflow does not answer"):
        evaluate.run(spec, FEBRUARY, joined_store, registry)
    # What MLflow was not told is not in the store either.
    with pytest.raises(MissingInput, match="has no evaluation as of 2013-03-01"):
        promote_step.run(spec, FEBRUARY, joined_store, registry)
    assert champions(joined_store, "flight_delay") == []

    server.start()
    assert train.run(spec, FEBRUARY, joined_store, registry).figures == made.figures
    evaluate.run(spec, FEBRUARY, joined_store, registry)
    server.kill()
    with pytest.raises(Unavailable, match=r"MLflow does not answer .*the step can be run again"):
        promote_step.run(spec, FEBRUARY, joined_store, registry)
    assert champions(joined_store, "flight_delay") == []
    server.start()
    promote_step.run(spec, FEBRUARY, joined_store, registry)
    assert [champion.version for champion in champions(joined_store, "flight_delay")] == [1]


def test_a_server_that_dies_while_a_candidate_is_logged_makes_one_version_in_the_end(
    joined_store, spec, server, monkeypatch
):
    registry = Registry(server.uri)
    assemble.run(spec, FEBRUARY, joined_store)
    logged = registry.client.log_dict

    def dies(*arguments):
        logged(*arguments)
        server.kill()

    monkeypatch.setattr(registry.client, "log_dict", dies)
    with pytest.raises(Unavailable, match="MLflow does not answer"):
        train.run(spec, FEBRUARY, joined_store, registry)
    monkeypatch.undo()
    assert not joined_store.exists("candidates/flight_delay/2013-03-01T00-00-00.json")
    server.start()
    made = train.run(spec, FEBRUARY, joined_store, registry)
    assert made.figures["version"] == 1
    experiment = registry.client.get_experiment_by_name("flight_delay").experiment_id
    ended = sorted(run.info.status for run in registry.client.search_runs([experiment]))
    assert ended == ["FINISHED", "KILLED"], "the run that was left open is closed"


def test_status_answers_while_mlflow_is_away(joined_store, command, tmp_path):
    ran = command("status", "flight_delay", "--json", MLFLOW_TRACKING_URI=MLflow(tmp_path / "nobody").uri)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["dataset"]["newest_partition"] == "2013-03"
