import json
import re
import shutil

import pyarrow as pa
import pytest

from pipelines.dataset import read_validated, require_validated, validated_partitions
from pipelines.errors import CallerError, ContractBroken, MissingInput
from pipelines.journal import events
from pipelines.layout import quarantine_table, raw_table, validation_page, validation_result
from pipelines.steps import featurize, validate
from pipelines.store import Store
from pipelines.table_versions import digest_of
from tests.pipelines.months import FEBRUARY, JANUARY, MARCH, pull, thin

PAGE, RESULT = validation_page("flights", "2013-02"), validation_result("flights", "2013-02")


@pytest.fixture(scope="module")
def two_months(tmp_path_factory, year, flights) -> Store:
    """January and February, thin, in force. Read it, never write to it."""
    store = Store(str(tmp_path_factory.mktemp("validated") / "store"))
    for interval in (JANUARY, FEBRUARY):
        pull(store, year, interval)
        validate.run(flights, interval, store)
    return store


@pytest.fixture
def validated(store, two_months) -> Store:
    """A copy of the two months that a test may change."""
    shutil.copytree(two_months.uri, store.uri)
    return store


def negative(rows: pa.Table) -> pa.Table:
    distances = pa.array([-value for value in rows["distance_mi"].to_pylist()], pa.int32())
    return rows.set_column(rows.schema.get_field_index("distance_mi"), "distance_mi", distances)


def broken(store, year, flights) -> str:
    """Pull February with negative distances; what validate says to it."""
    pull(store, year, FEBRUARY, negative(thin(year, FEBRUARY)))
    with pytest.raises(ContractBroken) as raised:
        validate.run(flights, FEBRUARY, store)
    return str(raised.value)


def test_a_good_partition_is_in_force_with_its_result_and_page(validated):
    assert list(validated_partitions(validated, "flights")) == ["2013-01", "2013-02"]
    assert json.loads(validated.read_file(RESULT))["status"] == "passed"
    assert b"passed" in validated.read_file(PAGE)
    assert validated.parts(quarantine_table("flights")) == []


def test_a_broken_contract_says_what_where_and_what_to_do(validated, year, flights):
    message = broken(validated, year, flights)
    assert message.startswith("flights: 2013-02 broke its contract and is in quarantine: critical: ")
    assert "distance_mi" in message and validated.location(PAGE) in message and "run it again" in message


def test_quarantine_keeps_the_rows_with_the_reasons(validated, year, flights):
    broken(validated, year, flights)
    kept = validated.read(quarantine_table("flights"), part="2013-02").to_pylist()
    assert len(kept) == thin(year, FEBRUARY).num_rows
    assert json.loads(kept[0]["row"])["distance_mi"] < 0
    assert any("distance_mi" in reason for reason in json.loads(kept[0]["reasons"]))


def test_the_result_and_the_journal_tell_the_failure(validated, year, flights):
    broken(validated, year, flights)
    result = json.loads(validated.read_file(RESULT))
    assert result["status"] == "failed"
    (check,) = [check for check in result["checks"] if check["status"] == "critical"]
    assert check["column"] == "distance_mi" and check["failing_rows"] == thin(year, FEBRUARY).num_rows
    told = [event.content["status"] for event in events(validated, "validation", "flights")]
    assert told == ["passed", "failed"]


def test_the_page_needs_no_network_and_shows_what_failed_first(validated, year, flights):
    broken(validated, year, flights)
    page = validated.read_file(PAGE).decode()
    assert not re.search(r"<(script|link|img)[^>]*(src|href)\s*=", page)
    assert "http://" not in page and "https://" not in page and "@import" not in page
    assert page.index('class="status critical"') < page.index("<h2>Passed</h2>")
    example = thin(year, FEBRUARY)["flight_id"][0].as_py()
    assert example in page[: page.index("<h2>Passed</h2>")]


def test_rows_in_a_page_are_text_and_never_markup(validated, year, flights):
    rows = thin(year, FEBRUARY)
    evil = pa.array(["<script>alert(1)</script>"] * rows.num_rows)
    pull(validated, year, FEBRUARY, rows.set_column(rows.schema.get_field_index("carrier"), "carrier", evil))
    validate.run(flights, FEBRUARY, validated)
    page = validated.read_file(PAGE).decode()
    assert "&lt;script&gt;" in page and "<script" not in page


def test_what_was_validated_before_stays_in_force(validated, year, flights):
    good = require_validated(validated, flights, FEBRUARY)
    features = featurize.run(flights, FEBRUARY, validated).figures["digest"]
    broken(validated, year, flights)
    assert require_validated(validated, flights, FEBRUARY) == good
    assert read_validated(validated, "flights", "flights", good).equals(thin(year, FEBRUARY))
    assert featurize.run(flights, FEBRUARY, validated).figures["digest"] == features


def test_a_partition_that_never_passed_is_not_in_force(store, year, flights):
    broken(store, year, flights)
    with pytest.raises(MissingInput, match="partition 2013-02 is missing or in quarantine"):
        require_validated(store, flights, FEBRUARY)


def test_a_corrected_partition_leaves_quarantine(validated, year, flights):
    broken(validated, year, flights)
    pull(validated, year, FEBRUARY)
    validate.run(flights, FEBRUARY, validated)
    assert validated.parts(quarantine_table("flights")) == []
    assert json.loads(validated.read_file(RESULT))["status"] == "passed"


def test_the_same_rows_again_change_nothing_in_force(validated, year, flights):
    before = require_validated(validated, flights, FEBRUARY)
    pull(validated, year, FEBRUARY)
    validate.run(flights, FEBRUARY, validated)
    assert require_validated(validated, flights, FEBRUARY) == before


def test_rows_that_come_back_after_a_failure_keep_the_version_they_had(validated, year, flights):
    before = require_validated(validated, flights, FEBRUARY)
    broken(validated, year, flights)
    pull(validated, year, FEBRUARY)
    validate.run(flights, FEBRUARY, validated)
    assert require_validated(validated, flights, FEBRUARY) == before


def test_a_doubled_partition_fails(validated, year, flights):
    rows = thin(year, FEBRUARY)
    pull(validated, year, FEBRUARY, pa.concat_tables([rows, rows]))
    with pytest.raises(ContractBroken, match="flight_id"):
        validate.run(flights, FEBRUARY, validated)


def test_an_unknown_carrier_passes_with_a_warning_recorded(validated, year, flights):
    rows = thin(year, FEBRUARY)
    carriers = pa.array(["ZZ", *rows["carrier"].to_pylist()[1:]])
    pull(validated, year, FEBRUARY, rows.set_column(rows.schema.get_field_index("carrier"), "carrier", carriers))
    result = validate.run(flights, FEBRUARY, validated)
    assert (result.figures["status"], result.figures["warnings"]) == ("warning", 1)
    assert "1 warnings: warning: column values to be in set on carrier: 1 of" in result.outcome
    in_force = require_validated(validated, flights, FEBRUARY)
    assert in_force.digests["flights"] == digest_of(validated.read(raw_table("flights", "flights"), part="2013-02"))


@pytest.mark.parametrize("column", ["distance_mi", "arr_delay_min"])
def test_a_missing_column_in_the_raw_table_is_quarantined(store, year, flights, column):
    pull(store, year, FEBRUARY, thin(year, FEBRUARY).drop_columns([column]))
    with pytest.raises(ContractBroken, match=f"errored: .*{column}"):
        validate.run(flights, FEBRUARY, store)
    assert store.parts(quarantine_table("flights")) == ["2013-02"]


def test_a_partition_that_was_not_pulled_names_the_command(validated, flights):
    with pytest.raises(MissingInput, match=r"2013-03 was not pulled\. Pull it first: python -m pipelines ingest"):
        validate.run(flights, MARCH, validated)


def test_a_partition_outside_of_the_data_set_is_refused(validated, flights):
    from pipelines.interval import partition_interval

    with pytest.raises(CallerError, match="2014-01 is outside of the data set, which has rows from 2013-01-01"):
        validate.run(flights, partition_interval("2014-01", "month"), validated)


def test_only_earlier_partitions_say_what_is_usual(validated, year, flights):
    assert validate.trailing_median(validated, "flights", JANUARY) is None
    january = thin(year, JANUARY).num_rows
    assert validate.trailing_median(validated, "flights", FEBRUARY) == january
    february = thin(year, FEBRUARY).num_rows
    assert validate.trailing_median(validated, "flights", MARCH) == (january + february) / 2
