import zipfile
from pathlib import Path

import fsspec
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.datasets.flights import source
from pipelines.errors import SourceError
from pipelines.interval import partition_interval
from pipelines.steps import ingest
from tests.pipelines.datasets.flights.published import elsewhere, month_of_flights, name_of

MARCH = partition_interval("2013-03", "month")


@pytest.fixture(scope="module")
def months() -> dict[int, pd.DataFrame]:
    return {month: elsewhere(month_of_flights(month)) for month in (2, 3)}


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch, months) -> Path:
    """A folder of the published files of February and March."""
    folder = home / "bts"
    folder.mkdir()
    for month, rows in months.items():
        rows.to_csv(folder / name_of(month), index=False)
    monkeypatch.setenv("TRAINYARD_BTS", str(folder))
    return folder


@pytest.fixture(scope="module")
def expected(months, year) -> pa.Table:
    """What the other loader makes of the flights that stand in the files."""
    rows = pd.concat(months.values())
    rows = rows[rows["Origin"] != "SFO"]
    number = rows["CRSDepTime"].str.replace("2400", "0000")
    ids = rows["FlightDate"] + "-" + rows["IATA_CODE_Reporting_Airline"] + rows["Flight_Number_Reporting_Airline"]
    ids = ids + "-" + rows["Origin"] + "-" + number
    inside = pc.and_(
        pc.greater_equal(year["flights"]["sched_dep_at"], pa.scalar(MARCH.start, pa.timestamp("us", tz="UTC"))),
        pc.less(year["flights"]["sched_dep_at"], pa.scalar(MARCH.end, pa.timestamp("us", tz="UTC"))),
    )
    month = year["flights"].filter(inside)
    return month.filter(pc.is_in(month["flight_id"], pa.array(ids))).combine_chunks()


def test_the_same_facts_give_the_same_rows_as_the_other_loader(folder, expected):
    found = source.read("bts", MARCH)["flights"]
    assert found.num_rows == expected.num_rows > 700
    for name in expected.schema.names:
        assert found[name].combine_chunks().equals(expected[name].combine_chunks()), name


def test_the_first_evening_in_utc_comes_from_the_file_before(folder, expected):
    with_february = source.read("bts", MARCH)["flights"].num_rows
    (folder / name_of(2)).unlink()
    assert 0 < source.read("bts", MARCH)["flights"].num_rows < with_february


def test_there_is_no_weather_and_its_columns_are_declared(folder):
    weather = source.read("bts", MARCH)["weather"]
    assert weather.num_rows == 0 and "temperature_f" in weather.schema.names


def zipped(folder: Path, months, members=("march.csv",)) -> None:
    (folder / name_of(3)).unlink()
    with zipfile.ZipFile(folder / name_of(3, ending="zip"), "w") as archive:
        archive.writestr("readme.html", "as published")
        for member in members:
            archive.writestr(member, months[3].to_csv(index=False))


def test_a_zip_gives_the_same_rows(folder, months, expected):
    zipped(folder, months)
    assert source.read("bts", MARCH)["flights"].equals(expected)


def test_a_remote_folder_gives_the_same_rows(folder, months, expected, monkeypatch):
    memory = fsspec.filesystem("memory")
    for month in months:
        memory.pipe(f"/bts-test/{name_of(month)}", (folder / name_of(month)).read_bytes())
    monkeypatch.setenv("TRAINYARD_BTS", "memory://bts-test")
    assert source.read("bts", MARCH)["flights"].equals(expected)
    memory.rm("/bts-test", recursive=True)


def broken_zip(folder: Path, months) -> None:
    zipped(folder, months)
    whole = (folder / name_of(3, ending="zip")).read_bytes()
    (folder / name_of(3, ending="zip")).write_bytes(whole[: len(whole) // 2])


def corrupt_zip(folder: Path, months) -> None:
    """Whole, but with a stretch of its content overwritten."""
    (folder / name_of(3)).unlink()
    path = folder / name_of(3, ending="zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("march.csv", months[3].to_csv(index=False))
    content = bytearray(path.read_bytes())
    first = 30 + len("march.csv")  # behind the member's header, where the compressed content begins
    content[first : first + 8] = b"\xff" * 8
    path.write_bytes(bytes(content))


def latin_1(folder: Path, months) -> None:
    rows = months[3].assign(Tail_Number="N\xd1123")
    (folder / name_of(3)).write_bytes(rows.to_csv(index=False).encode("latin-1"))


def written(rows: pd.DataFrame, folder: Path) -> None:
    rows.to_csv(folder / name_of(3), index=False)


BAD = {
    "broken ZIP": (broken_zip, "is not a readable ZIP"),
    "corrupt ZIP": (corrupt_zip, "is not a readable ZIP"),
    "two files in a ZIP": (lambda f, m: zipped(f, m, ("a.csv", "b.csv")), "must hold one .csv, found"),
    "another encoding": (latin_1, "is not UTF-8 (byte "),
    "missing column": (lambda f, m: written(m[3].drop(columns="ArrDelay"), f), "column ArrDelay is missing; found: "),
    "renamed column": (
        lambda f, m: written(m[3].rename(columns={"Distance": "DistanceMi"}), f),
        "column Distance is missing; found: ",
    ),
    "wrong dtype": (lambda f, m: written(m[3].assign(Distance="far"), f), "column Distance must be a number"),
    "empty required column": (lambda f, m: written(m[3].assign(CRSDepTime=""), f), "column CRSDepTime is empty in"),
    "another year": (
        lambda f, m: written(m[3].assign(FlightDate=m[3]["FlightDate"].str.replace("2013", "2012")), f),
        "are not of 2013-03, such as FlightDate 2012-03-",
    ),
    "no date": (lambda f, m: written(m[3].assign(FlightDate="soon"), f), "are not of 2013-03, such as FlightDate soon"),
    "no file": (lambda f, m: (f / name_of(3)).unlink(), "no file for 2013-03; looked for "),
    "nothing in the file": (lambda f, m: (f / name_of(3)).write_text(""), "is not CSV"),
    "ragged rows": (lambda f, m: (f / name_of(3)).write_text('FlightDate\n"2013'), "is not CSV"),
    "only a header": (lambda f, m: [written(m[3].head(0), f), (f / name_of(2)).unlink()], "has no rows of 2013-03"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_a_bad_file_is_refused_and_the_last_good_state_stays(case, folder, months, store, flights):
    dataset = flights.model_copy(update={"source": "bts"})
    ingest.run(dataset, MARCH, store)
    before = {table: store.version(f"raw/flights/{table}") for table in ("flights", "weather")}
    spoil, words = BAD[case]
    spoil(folder, months)
    with pytest.raises(SourceError) as raised:
        ingest.run(dataset, MARCH, store)
    assert words in str(raised.value)
    assert "2013_3" in str(raised.value) or "2013-03" in str(raised.value)
    assert {table: store.version(f"raw/flights/{table}") for table in before} == before


def test_without_a_folder_the_remedy_is_named(monkeypatch):
    monkeypatch.delenv("TRAINYARD_BTS", raising=False)
    with pytest.raises(SourceError, match="source 'bts' needs TRAINYARD_BTS"):
        source.read("bts", MARCH)
