"""What must stay in the store: all that a document of it names.

A document is any JSON file but training sets kept under their digest and the inputs of joined files: those are needed
only where a document names them, and then what they name is needed too. Names are compared as they stand, paths and
digests alike, so a kind of document that comes later protects what it names without a word here.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from pipelines.dataset import VALIDATED, ValidatedPartition, validated_partitions
from pipelines.errors import CallerError, MissingInput
from pipelines.interval import partition_interval
from pipelines.join_inputs import join_inputs_of
from pipelines.journal import Event, everything
from pipelines.layout import RAW, join_inputs, joined_file, raw_table
from pipelines.spec import load_datasets
from pipelines.store import Store

KEPT_SET = re.compile(r"training_sets/[^/]+/kept/([0-9a-f]+)\.json")
JOINED = re.compile(r"joined/([^/]+)/[^/]+\.(parquet|json)")
TABLE_LOG = "/_delta_log/"


@dataclass(frozen=True)
class Needs:
    """names: every string of every document that counts. versions: by raw table, those that somebody reads again:
    by records, by validated partitions, by the inputs of needed joined files."""

    names: frozenset[str]
    versions: Mapping[str, frozenset[int]]


def needs_of(store: Store, paths: Iterable[str]) -> Needs:
    """By all that the store says now. paths: of its files.

    Raises CallerError for a document that cannot be read: what it needs is not known, so nothing may go.
    """
    paths, said = set(paths), everything(store)
    documents = [_document(store, path) for path in sorted(paths) if _counts(path)]
    names = {text for document in documents for text in _strings(document)}
    names |= {text for event in said for text in _strings(event.content)}
    names |= set(_current_joins(store))
    for path in sorted(paths):
        if (kept := KEPT_SET.fullmatch(path)) and kept[1] in names:
            names |= set(_strings(_document(store, path)))
    versions: dict[str, set[int]] = defaultdict(set)
    for document in documents:
        _add_versions(versions, document)
    for event in said:
        _add_validated(versions, event)
    for path in sorted(paths):
        if path.endswith(".parquet") and JOINED.fullmatch(path) and is_needed(store, path, names):
            names.add(path)
            if join_inputs(path) in paths:
                _add_versions(versions, _document(store, join_inputs(path)), dataset=path.split("/")[1])
    return Needs(frozenset(names), {table: frozenset(found) for table, found in versions.items()})


def is_needed(store: Store, path: str, names: Iterable[str]) -> bool:
    """Whether a joined file is named, by its path or, as predictions do, by the SHA-256 of its content."""
    return path in names or hashlib.sha256(store.read_file(path)).hexdigest() in names


def _counts(path: str) -> bool:
    derived = KEPT_SET.fullmatch(path) or JOINED.fullmatch(path)
    return path.endswith(".json") and not derived and TABLE_LOG not in f"/{path}"


def _document(store: Store, path: str) -> Any:
    try:
        return json.loads(store.read_file(path))
    except ValueError as error:
        raise CallerError(
            f"{store.location(path)} is not JSON ({error}), so what it needs is not known; nothing was deleted. "
            "Put the file back from a backup, or delete it if nothing reads it"
        ) from error


def _strings(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield key
            yield from _strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from _strings(value)


def _add_versions(versions: dict[str, set[int]], content: Any, dataset: str | None = None) -> None:
    """Wherever rows of a table are named by version and digest; dataset: of tables that are named without theirs."""
    if isinstance(content, list):
        for value in content:
            _add_versions(versions, value, dataset)
    if not isinstance(content, dict):
        return
    for name, value in content.items():
        if isinstance(value, dict) and "digest" in value and isinstance(value.get("version"), int):
            table = name if name.startswith(f"{RAW}/") or dataset is None else raw_table(dataset, name)
            versions[table].add(value["version"])
        _add_versions(versions, value, dataset)


def _add_validated(versions: dict[str, set[int]], event: Event) -> None:
    if event.kind == VALIDATED:
        for name, version in ValidatedPartition(**event.content).versions.items():
            versions[raw_table(event.subject, name)].add(version)


def _current_joins(store: Store) -> Iterator[str]:
    """The joined files that the next training or scoring would look for: made again at some cost, if they were gone."""
    for dataset in load_datasets().values():
        for part, validated in validated_partitions(store, dataset.name).items():
            try:
                inputs = join_inputs_of(store, dataset, partition_interval(part, dataset.partition), validated)
            except MissingInput:
                continue
            yield joined_file(dataset.name, part, inputs.digest)


def beside(path: str) -> str:
    """The joined file whose inputs a path names."""
    return str(PurePosixPath(path).with_suffix(".parquet"))
