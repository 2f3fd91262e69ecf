import json
from pathlib import Path

import pytest

from pipelines.errors import MissingInput
from pipelines.joined import joined_partition
from pipelines.layout import features_manifest
from tests.pipelines.months import APRIL, MARCH


def test_rows_out_are_rows_in_and_in_their_order(march, quarter_store):
    validated = quarter_store.read("raw/flights/flights", part="2013-03")
    assert march["flight_id"].tolist() == validated["flight_id"].to_pylist()


def test_a_partition_is_joined_once(quarter_store, flights, march, monkeypatch):
    def again(*arguments):
        raise AssertionError("joined again")

    monkeypatch.setattr("pipelines.joined._join", again)
    found = joined_partition(quarter_store, flights, MARCH)
    assert found.part == "2013-03" and found.rows == len(march)


def test_other_features_are_another_join(quarter, flights, monkeypatch):
    monkeypatch.setattr("pipelines.joined._join", lambda store, dataset, rows: rows)
    before = joined_partition(quarter, flights, MARCH)
    path = features_manifest("flights", "2013-03")
    changed = json.loads(quarter.read_file(path)) | {"missing": ["2013-02"]}
    quarter.write_file(path, json.dumps(changed).encode())
    assert joined_partition(quarter, flights, MARCH).path != before.path


def test_a_partition_without_features_names_the_command(quarter, flights):
    with pytest.raises(MissingInput, match="2013-04 is missing or in quarantine"):
        joined_partition(quarter, flights, APRIL)
    Path(quarter.location(features_manifest("flights", "2013-03"))).unlink()
    with pytest.raises(
        MissingInput,
        match=r"2013-03 has no features of the rows in force\. Backfill it first: python -m pipelines backfill",
    ):
        joined_partition(quarter, flights, MARCH)
