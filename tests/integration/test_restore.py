"""Rows that were corrupted are put back to an earlier version: the same features come of them as before."""

import pyarrow as pa
import pytest

from pipelines.dataset import validated_partitions
from pipelines.journal import events
from pipelines.layout import raw_table
from pipelines.steps import featurize, validate
from tests.pipelines.months import FEBRUARY, JANUARY, pull, thin

pytestmark = pytest.mark.slow
FLIGHTS = raw_table("flights", "flights")
WHY = ("--reason", "half of the file was missing", "--by", "ada")


@pytest.fixture
def corrupted(store, year, flights):
    """January and February; then a shorter February, that holds its contract, replaced the first one."""
    for interval in (JANUARY, FEBRUARY):
        pull(store, year, interval)
        validate.run(flights, interval, store)
        before = featurize.run(flights, interval, store)
    rows = thin(year, FEBRUARY)
    pull(store, year, FEBRUARY, rows.take(pa.array(range(0, rows.num_rows - rows.num_rows // 4))))
    validate.run(flights, FEBRUARY, store)
    after = featurize.run(flights, FEBRUARY, store)
    assert before.figures["digest"] != after.figures["digest"]
    return store, before.figures["digest"], rows


def restored(command, *arguments):
    return command("restore", "flights", "--partition", "2013-02", *arguments, *WHY)


def test_features_are_the_same_as_before_and_the_corrupted_rows_stay_in_the_history(corrupted, command, flights):
    store, digest, rows = corrupted
    ran = restored(command, "--table", "flights", "--to-version", "1")
    assert ran.returncode == 0, ran.stderr
    told = ran.stdout.splitlines()
    assert told[0].startswith(f"restore flights 2013-02 flights: {rows.num_rows} rows as of version 1 in place of")
    assert told[1].startswith("validate flights 2013-02") and told[2].startswith("featurize flights 2013-02")
    assert store.read(FLIGHTS, part="2013-02").equals(rows) and store.version(FLIGHTS) == 3
    assert store.read(FLIGHTS, part="2013-02", version=2).num_rows < rows.num_rows
    assert featurize.run(flights, FEBRUARY, store).figures["digest"] == digest
    assert validated_partitions(store, "flights")["2013-02"].versions["flights"] == 3
    (event,) = events(store, "restore", "flights")
    assert event.content["by"] == "ada" and event.content["tables"]["flights"]["to_version"] == 1

    again = restored(command, "--table", "flights", "--to-version", "1")
    assert again.returncode == 0 and "in place of the same rows" in again.stdout
    assert len(events(store, "restore", "flights")) == 1 and store.version(FLIGHTS) == 3


def test_a_dry_run_and_a_version_without_such_rows_say_what_there_is_and_change_nothing(corrupted, command):
    store, _, rows = corrupted
    ran = restored(command, "--to-version", "1", "--dry-run")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "nothing was changed" and "weather:" in ran.stdout
    for version in ("0", "9"):
        ran = restored(command, "--table", "flights", "--to-version", version)
        assert ran.returncode == 2
        assert f"2013-02 has no rows in flights as of version {version}; it changed at the versions 2 (" in ran.stderr
        assert f"1 ({rows.num_rows} rows, " in ran.stderr
    ran = restored(command, "--table", "planes", "--to-version", "1")
    assert ran.returncode == 2 and "its tables: flights, weather" in ran.stderr
    assert store.version(FLIGHTS) == 2 and events(store, "restore", "flights") == []
