"""The inventory of a store that others write to meanwhile, and what it takes to ask it."""

import subprocess
import sys

from pipelines.inventory.inventory import Inventory
from pipelines.journal import Event, record
from pipelines.spec import load_datasets
from tests.architecture.code import REPOSITORY
from tests.integration.small_model import SMALL
from tests.pipelines.inventory.test_rows import MARCH, drift

HEAVY = ("mlflow", "xgboost", "sklearn", "feast", "great_expectations", "evidently", "ibis", "duckdb")


def test_what_others_write_is_seen_at_the_next_look(store):
    inventory = Inventory(store, {SMALL.name: SMALL}, load_datasets())
    assert inventory.rows()[SMALL.name].drift is None
    moved = drift("2013-02", MARCH, "warning", sentence="moved")
    record(store, Event("drift", SMALL.name, moved.at, moved.content))
    assert inventory.rows()[SMALL.name].drift.sentence == "moved"
    assert inventory.rows() is inventory.rows(), "read once for each version of the journal"


def test_what_is_said_of_one_model_leaves_the_rows_of_others_as_they_are(store):
    other = SMALL.model_copy(update={"name": "other"})
    inventory = Inventory(store, {SMALL.name: SMALL, "other": other}, load_datasets())
    before = inventory.rows()
    record(store, drift("2013-02", MARCH, "warning", sentence="moved"))
    after = inventory.rows()
    assert after["other"] is before["other"] and after[SMALL.name].drift.sentence == "moved"


def test_the_pages_bring_no_library_that_trains_or_serves():
    program = f"import sys, plugins.web.app; print([name for name in {HEAVY} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"
