import json
import shutil

import pyarrow as pa
import pytest

from pipelines.errors import MissingInput
from pipelines.features import declared_views
from pipelines.interval import partition_interval
from pipelines.layout import feature_file, features_manifest
from pipelines.steps import featurize, validate
from pipelines.store import Store
from tests.pipelines.months import APRIL, FEBRUARY, JANUARY, MARCH, pull, thin

VIEWS = [view.name for view in declared_views("flights") if view.entities]


@pytest.fixture(scope="module")
def thin_quarter(tmp_path_factory, year, flights) -> Store:
    """January to March, thin, in force; no features. Read it, never write to it."""
    store = Store(str(tmp_path_factory.mktemp("thin") / "store"))
    for interval in (JANUARY, FEBRUARY, MARCH):
        pull(store, year, interval)
        validate.run(flights, interval, store)
    return store


@pytest.fixture
def months(store, thin_quarter) -> Store:
    shutil.copytree(thin_quarter.uri, store.uri)
    return store


def manifest(store: Store, part: str) -> dict:
    return json.loads(store.read_file(features_manifest("flights", part)))


def corrected(store: Store, year, flights, interval) -> str:
    """Pull the partition without one flight and put that in force; what featurize says."""
    pull(store, year, interval, thin(year, interval).slice(1))
    validate.run(flights, interval, store)
    return featurize.run(flights, interval, store).outcome


def test_the_same_partition_twice_gives_the_same_files(months, flights):
    first = featurize.run(flights, MARCH, months)
    files = {view: months.read_file(feature_file("flights", view, "2013-03")) for view in VIEWS}
    again = featurize.run(flights, MARCH, months)
    assert again == first
    assert files == {view: months.read_file(feature_file("flights", view, "2013-03")) for view in VIEWS}


def test_the_manifest_names_files_and_inputs_by_digest(months, flights):
    result = featurize.run(flights, MARCH, months)
    found = manifest(months, "2013-03")
    assert list(found["files"]) == sorted(VIEWS)
    assert list(found["inputs"]) == ["2013-01", "2013-02", "2013-03"] and found["missing"] == []
    assert sum(file["rows"] for file in found["files"].values()) == result.figures["rows"]


def test_later_partitions_and_those_beyond_the_look_back_are_not_read(months, year, flights):
    for interval in (APRIL,):
        pull(months, year, interval)
        validate.run(flights, interval, months)
    with_later = featurize.run(flights, MARCH, months).figures["digest"]
    april = featurize.run(flights, APRIL, months).figures["digest"]
    assert list(manifest(months, "2013-04")["inputs"]) == ["2013-03", "2013-04"]
    corrected(months, year, flights, JANUARY)
    assert featurize.run(flights, APRIL, months).figures["digest"] == april
    assert with_later != april


def test_features_do_not_depend_on_whether_later_partitions_exist(months, year, flights):
    alone = featurize.run(flights, MARCH, months).figures["digest"]
    pull(months, year, APRIL)
    validate.run(flights, APRIL, months)
    assert featurize.run(flights, MARCH, months).figures["digest"] == alone


def test_a_look_back_that_is_missing_is_named(store, year, flights):
    pull(store, year, FEBRUARY)
    validate.run(flights, FEBRUARY, store)
    result = featurize.run(flights, FEBRUARY, store)
    assert "built without 2013-01 (missing or in quarantine)" in result.outcome
    assert manifest(store, "2013-02")["missing"] == ["2013-01"]


def test_the_first_partition_misses_nothing(months, flights):
    assert "without" not in featurize.run(flights, JANUARY, months).outcome


def test_a_correction_of_an_old_partition_names_what_to_rebuild(months, year, flights):
    for interval in (JANUARY, FEBRUARY, MARCH):
        featurize.run(flights, interval, months)
    outcome = corrected(months, year, flights, FEBRUARY)
    assert (
        "later features were built from older rows of it, rebuild them: "
        "python -m pipelines backfill flights__data --start 2013-03-01 --end 2013-04-01 --reprocess completed"
        in outcome
    )
    featurize.run(flights, MARCH, months)
    assert "rebuild" not in featurize.run(flights, FEBRUARY, months).outcome


def test_a_partition_that_arrives_late_names_what_to_rebuild(store, year, flights):
    for interval in (JANUARY, MARCH):
        pull(store, year, interval)
        validate.run(flights, interval, store)
    late = featurize.run(flights, MARCH, store)
    assert "built without 2013-02" in late.outcome
    pull(store, year, FEBRUARY)
    validate.run(flights, FEBRUARY, store)
    assert "rebuild them: " in featurize.run(flights, FEBRUARY, store).outcome
    assert "without" not in featurize.run(flights, MARCH, store).outcome


def test_a_partition_without_validated_rows_names_the_command(months, flights):
    with pytest.raises(MissingInput, match=r"2013-04 is missing or in quarantine\. Backfill it first: python"):
        featurize.run(flights, partition_interval("2013-04", "month"), months)


def test_rows_without_an_entity_get_no_features(months, year, flights):
    rows = thin(year, MARCH)
    nameless = pa.array([None] * 20 + rows["tail_number"].to_pylist()[20:], pa.string())
    pull(months, year, MARCH, rows.set_column(rows.schema.get_field_index("tail_number"), "tail_number", nameless))
    validate.run(flights, MARCH, months)
    featurize.run(flights, MARCH, months)
    built = months.read_parquet(feature_file("flights", "tail_history", "2013-03"))
    assert built.num_rows > 0 and built["tail_number"].null_count == 0
