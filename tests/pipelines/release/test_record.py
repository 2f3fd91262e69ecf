"""Release records: immutable, numbered, sealed, and never read unseen when they were changed."""

import hashlib
import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.errors import CallerError, MissingInput, SpecError
from pipelines.release.record import ReleaseRecord
from pipelines.release.releases import (
    TamperedRecord,
    keep,
    keep_promoted,
    promoted_records,
    read_record,
    release_of,
    revisions,
)
from pipelines.report.specs import SCHEMAS
from tests.pipelines.release.hand_written_release import COST, FLOOR, a_release, timed


def the_file(store) -> Path:
    (path,) = Path(store.location("releases/flight_delay/v1")).iterdir()
    return path


def test_a_record_is_read_as_it_was_written(store):
    kept = keep(store, a_release())
    assert read_record(store, "flight_delay", 1) == kept and kept.revision == 1
    assert the_file(store).name == f"r001-{kept.digest}.json"


def test_the_same_evaluation_again_writes_nothing(store):
    kept = keep(store, a_release(FLOOR, timed(1.2)))
    before = the_file(store).stat().st_mtime_ns
    again = a_release(FLOOR, timed(3.4), cost=COST | {"cpu_s": 99.0}, provenance=None)
    assert keep(store, again) == kept, "measured times, costs and machines decide nothing"
    assert the_file(store).stat().st_mtime_ns == before


def test_the_newest_promotion_is_the_one_of_the_highest_number(store):
    kept = keep(store, a_release())
    for number in (9_999, 10_000):
        keep_promoted(store, kept, {"effective_from": f"{number}"}, None, number)
    assert release_of(store, "flight_delay", 1).promotion == {"effective_from": "10000"}


def test_another_content_is_a_revision_beside_the_old_one(store):
    first = keep(store, a_release())
    second = keep(store, a_release(champion=7))
    third = keep(store, a_release())
    assert [one.revision for one in revisions(store, "flight_delay", 1)] == [1, 2, 3]
    assert read_record(store, "flight_delay", 1) == third, "the newest is what was said last"
    assert read_record(store, "flight_delay", 1, revision=1) == first
    assert read_record(store, "flight_delay", 1, revision=2) == second


def test_a_promotion_seals_the_record_once(store):
    kept = keep(store, a_release())
    approval = {"by": "ana", "at": "2013-03-01T09:00:00+00:00", "note": "", "override": False}
    told = {"effective_from": "2013-03-01T00:00:00+00:00", "against": None}
    sealed = keep_promoted(store, kept, told, approval, number=4)
    assert keep_promoted(store, kept, told, approval, number=4) == sealed
    assert promoted_records(store, "flight_delay", 1) == [sealed]
    assert release_of(store, "flight_delay", 1).approval == approval
    assert read_record(store, "flight_delay", 1) == kept, "what the evaluation wrote stays as it was"


def test_a_changed_file_is_refused_by_name(store):
    keep(store, a_release())
    path = the_file(store)
    path.write_text(path.read_text().replace('"rounds": 40', '"rounds": 41'))
    for reading in (lambda: read_record(store, "flight_delay", 1), lambda: keep(store, a_release(champion=2))):
        with pytest.raises(TamperedRecord, match=r"was changed after it was written: its digest is [0-9a-f]{12}, its"):
            reading()


def test_a_version_without_a_record_names_those_that_have_one(store):
    with pytest.raises(MissingInput, match="flight_delay has none at all"):
        read_record(store, "flight_delay", 1)
    keep(store, a_release())
    with pytest.raises(MissingInput, match=r"version 3 has no release record .* records: versions 1\. A record is"):
        read_record(store, "flight_delay", 3)
    with pytest.raises(MissingInput, match="version 1, revision 2, has no release record"):
        read_record(store, "flight_delay", 1, revision=2)
    with pytest.raises(SpecError, match="No model named 'fligt'"):
        read_record(store, "fligt", 1)


def test_a_record_of_another_format_says_so(store):
    content = a_release().content() | {"format": 2}
    text = json.dumps(content).encode()
    store.write_file(f"releases/flight_delay/v1/r001-{hashlib.sha256(text).hexdigest()}.json", text)
    with pytest.raises(CallerError, match="of a format that this code does not read"):
        read_record(store, "flight_delay", 1)


def test_a_record_forbids_what_it_does_not_know():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        a_release(password="secret")
    with pytest.raises(ValidationError, match="Input should be a valid integer"):
        a_release(version="1")


def test_the_published_schema_is_of_the_record():
    published = Path(__file__).parents[3] / "docs" / "schema" / "release_record.schema.json"
    assert SCHEMAS["release_record"] is ReleaseRecord
    assert json.loads(published.read_text()) == ReleaseRecord.model_json_schema(), (
        "write it again: python -m pipelines specs --write-docs docs"
    )
