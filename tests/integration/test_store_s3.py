"""The store on S3, against a server that speaks S3 over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pipelines.__main__ import main
from pipelines.checkpoints import Checkpoints, remove_abandoned, spent_on
from pipelines.journal import Event, events, latest, numbered, record_decided
from pipelines.layout import checkpoints_folder
from pipelines.release.provenance import Meter
from pipelines.steps import featurize, validate
from pipelines.store import Store
from tests.pipelines.interrupted_fits import KEY, MODEL, Killed, die, interrupt, refit
from tests.pipelines.months import FEBRUARY, JANUARY, pull

pytestmark = pytest.mark.slow
ROWS = pa.table({"id": ["a", "b", "c"], "delay_min": pa.array([1, None, 3], pa.int32())})
OTHER = pa.table({"id": ["d"], "delay_min": pa.array([4], pa.int32())})


def test_replacing_a_partition_leaves_the_others_and_the_past(s3):
    first = s3.replace_partition("raw/t", ROWS, "2013-01")
    s3.replace_partition("raw/t", ROWS, "2013-02")
    assert s3.replace_partition("raw/t", ROWS, "2013-01").changed is False
    s3.replace_partition("raw/t", OTHER, "2013-01")
    assert s3.parts("raw/t") == ["2013-01", "2013-02"]
    assert s3.read("raw/t", part="2013-01").equals(OTHER) and s3.read("raw/t", part="2013-02").equals(ROWS)
    assert s3.read("raw/t", part="2013-01", version=first.version).equals(ROWS)


def test_writers_at_the_same_time_lose_no_partition(s3):
    parts = [f"2013-{month:02}" for month in range(1, 7)]
    s3.replace_partition("raw/t", ROWS, "2012-12")
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda part: Store(s3.uri).replace_partition("raw/t", OTHER, part), parts))
    assert s3.parts("raw/t") == ["2012-12", *parts]


def test_writers_of_the_journal_at_the_same_time_lose_no_event(s3):
    def write(writer: int) -> None:
        event = Event("promotion", "flight_delay", FEBRUARY.as_of, {"version": writer})
        for _ in range(2):
            record_decided(Store(s3.uri), lambda said: numbered(said, [event]))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(write, range(3)))
    assert sorted(event.number for event in events(s3, "promotion", "flight_delay")) == [1, 2, 3, 4, 5, 6]


def test_files_are_written_listed_and_read(s3):
    digest = s3.write_file("pages/a.html", b"one")
    assert s3.read_file("pages/a.html") == b"one" and s3.exists("pages/a.html")
    assert s3.write_file("pages/a.html", b"one") == digest
    assert not s3.exists("pages/b.html") and s3.list_files("pages", ".html") == ["a"]
    assert s3.list_files("nowhere", ".html") == []
    s3.write_parquet("features/a.parquet", ROWS)
    assert s3.read_parquet("features/a.parquet").equals(ROWS)
    assert s3.location("pages/a.html") == f"{s3.uri}/pages/a.html"


def test_a_fit_is_resumed_from_its_checkpoint_there_and_the_folder_deleted_with_the_training(s3, monkeypatch, capsys):
    saved = Checkpoints(s3, MODEL, KEY, every_s=0, meter=Meter())
    interrupt(monkeypatch, 2, die)
    with pytest.raises(Killed):
        refit(saved)
    assert len(s3.files_below(checkpoints_folder(MODEL))) == 4
    s3.delete(min(path for path in s3.files_below(checkpoints_folder(MODEL)) if path.endswith(".json")))
    assert spent_on(s3, MODEL, KEY) is not None
    assert refit(saved) == refit(None)
    assert "resuming refit at round 8 of 14 from its checkpoint\n" in capsys.readouterr().out
    remove_abandoned(s3, MODEL, "another", datetime.now(UTC))
    assert len(s3.files_below(checkpoints_folder(MODEL))) == 4
    s3.write_file("checkpoints/other/kept", b"told")
    saved.clear()
    saved.clear()
    assert list(s3.files_below("checkpoints")) == ["checkpoints/other/kept"]


def test_data_steps_leave_there_what_they_leave_in_a_folder(s3, store, year, flights):
    digests = {}
    for one in (s3, store):
        for interval in (JANUARY, FEBRUARY):
            pull(one, year, interval)
            validate.run(flights, interval, one)
        digests[one] = featurize.run(flights, FEBRUARY, one).figures["digest"]
    assert digests[s3] == digests[store]
    assert latest(s3, "validated", "flights").content["part"] == "2013-02"


def ran(store: Store, monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    """Exit code and what was written to stderr by a step on the store."""
    monkeypatch.setenv("TRAINYARD_STORE", store.uri)
    code = main([*arguments, "--dataset", "flights", "--start", "2013-02-01", "--end", "2013-03-01"])
    return code, capsys.readouterr().err


@pytest.mark.parametrize("step", ["ingest", "validate", "featurize", "materialize"])
def test_a_store_that_is_away_is_one_line_and_tried_again(s3, step, monkeypatch, capsys):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert ran(s3, monkeypatch, capsys, step) == (
        1,
        f"The store {s3.uri} cannot be reached: http://127.0.0.1:9 does not answer. Is AWS_ENDPOINT_URL right?\n",
    )


@pytest.mark.parametrize("step", ["ingest", "validate", "featurize"])
def test_a_bucket_that_is_not_there_is_the_callers_error(s3, step, monkeypatch, capsys):
    code, told = ran(Store("s3://trainyard-absent/store"), monkeypatch, capsys, step)
    assert code == 2 and told.count("\n") == 1
    assert "has no bucket trainyard-absent. Make it, or correct TRAINYARD_STORE (now s3://trainyard-absent/" in told


@pytest.mark.parametrize("step", ["ingest", "validate", "featurize", "materialize"])
def test_refused_keys_are_the_callers_error(s3_refusing, step, monkeypatch, capsys):
    code, told = ran(s3_refusing, monkeypatch, capsys, step)
    assert code == 2 and told.count("\n") == 1
    assert f"refuses the credentials of the store {s3_refusing.uri}" in told and "AWS_SECRET_ACCESS_KEY" in told
