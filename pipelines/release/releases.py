"""The release records of a store: written once, never over another, and never read without a look at their digest.

One is written at every evaluation of a candidate whose content is not in the newest one already, beside
those before it; a person's answer, also a rejection, seals it, and so does a promotion. A file is named by the
SHA-256 of its bytes: one that was changed is found by reading it.
"""

import hashlib
import re
from typing import Any

from pydantic import ValidationError

from pipelines.errors import CallerError, MissingInput, Tampered
from pipelines.layout import answered_record, promoted_record, release_folder, release_record, releases_folder
from pipelines.release.record import ReleaseRecord
from pipelines.spec import find_model
from pipelines.store import Store

EVALUATED = re.compile(r"r(\d{3,})-[0-9a-f]{64}")
PROMOTED = re.compile(r"promoted-(\d{4,})-[0-9a-f]{64}")


class TamperedRecord(Tampered):
    """A release record does not hold what it was written with."""


def keep(store: Store, record: ReleaseRecord) -> ReleaseRecord:
    """Write the record as the next revision; where the newest one says the same, that one is returned.

    Raises TamperedRecord when the newest one was changed.
    """
    found = _names(store, record.model, record.version, EVALUATED)
    if found:
        newest = _read(store, record.model, record.version, found[-1])
        if newest.identity == record.identity:
            return newest
    numbered = record.model_copy(update={"revision": len(found) + 1})
    path = release_record(record.model, record.version, numbered.revision, numbered.digest)
    if not store.exists(path):
        store.write_file(path, numbered.to_bytes())
    return numbered


def keep_promoted(
    store: Store, record: ReleaseRecord, promotion: dict[str, Any], approval: dict[str, Any] | None, number: int
) -> ReleaseRecord:
    """Write the record sealed by a promotion; the same again writes nothing.

    number: of the promotion among all of the model.
    """
    sealed = record.model_copy(update={"promotion": promotion, "approval": approval})
    path = promoted_record(record.model, record.version, number, sealed.digest)
    if not store.exists(path):
        store.write_file(path, sealed.to_bytes())
    return sealed


def keep_answered(store: Store, record: ReleaseRecord, approval: dict[str, Any], number: int) -> ReleaseRecord:
    """Write the record sealed by an answer, whatever it was; the same again writes nothing.

    number: of the answer in the journal.
    """
    sealed = record.model_copy(update={"approval": approval})
    path = answered_record(record.model, record.version, number, sealed.digest)
    if not store.exists(path):
        store.write_file(path, sealed.to_bytes())
    return sealed


def read_record(store: Store, model: str, version: int, revision: int | None = None) -> ReleaseRecord:
    """The newest revision, or the one asked for, as the evaluation wrote it.

    Raises MissingInput when there is none, TamperedRecord when the file was changed.
    """
    names = _names(store, model, version, EVALUATED)
    wanted = names[-1:] if revision is None else [name for name in names if name.startswith(f"r{revision:03}-")]
    if not wanted:
        raise _missing(store, model, version, revision)
    return _read(store, model, version, wanted[-1])


def newest_revision(store: Store, model: str, version: int) -> ReleaseRecord | None:
    """As the last evaluation wrote it; None before the first. Raises TamperedRecord."""
    names = _names(store, model, version, EVALUATED)
    return _read(store, model, version, names[-1]) if names else None


def revisions(store: Store, model: str, version: int) -> list[ReleaseRecord]:
    """As the evaluations wrote them, oldest first. Raises TamperedRecord."""
    return [_read(store, model, version, name) for name in _names(store, model, version, EVALUATED)]


def promoted_records(store: Store, model: str, version: int) -> list[ReleaseRecord]:
    """One for each promotion of the version, oldest first. Raises TamperedRecord."""
    return [_read(store, model, version, name) for name in _names(store, model, version, PROMOTED)]


def release_of(store: Store, model: str, version: int) -> ReleaseRecord:
    """The record sealed by the last promotion; without one, the newest revision.

    Raises MissingInput when there is neither, TamperedRecord when the file was changed.
    """
    sealed = _names(store, model, version, PROMOTED)
    return _read(store, model, version, sealed[-1]) if sealed else read_record(store, model, version)


def _names(store: Store, model: str, version: int, pattern: re.Pattern[str]) -> list[str]:
    """Files of the version's folder that match, in the order of their numbers."""
    listed = store.list_files(release_folder(model, version), ".json")
    found = {name: int(match[1]) for name in listed if (match := pattern.fullmatch(name))}
    return sorted(found, key=lambda name: found[name])


def _read(store: Store, model: str, version: int, name: str) -> ReleaseRecord:
    path = f"{release_folder(model, version)}/{name}.json"
    content, digest = store.read_file(path), name.rpartition("-")[2]
    found = hashlib.sha256(content).hexdigest()
    if found != digest:
        raise TamperedRecord(
            f"{model}: the release record {store.location(path)} was changed after it was written: its digest is "
            f"{found[:12]}, its name says {digest[:12]}. Put the file back from a backup, or from the artifact "
            f"release_record of the version's MLflow run"
        )
    try:
        return ReleaseRecord.model_validate_json(content)
    except ValidationError as error:
        raise CallerError(
            f"{model}: the release record {store.location(path)} is of a format that this code does not read "
            f"({error.errors()[0]['msg']} at {'.'.join(map(str, error.errors()[0]['loc']))}). "
            "Read it with the code of its own commit"
        ) from error


def _missing(store: Store, model: str, version: int, revision: int | None) -> MissingInput:
    """The error that names the records there are. Raises SpecError for a model that is not even declared."""
    wanted = f"version {version}" if revision is None else f"version {version}, revision {revision},"
    known = sorted(
        int(name.removeprefix("v")) for name in store.list_files(releases_folder(model), "") if name.startswith("v")
    )
    if not known:
        find_model(model)
    told = f"records: versions {', '.join(map(str, known))}" if known else f"{model} has none at all"
    return MissingInput(
        f"{model}: {wanted} has no release record in the store {store.uri}; {told}. "
        f"A record is written by the evaluation: python -m pipelines evaluate --model {model} --start … --end …"
    )
