"""Histories of a store, made at random by a seed, and stores that look as if time had passed."""

import hashlib
import json
import os
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from pipelines.dataset import ValidatedPartition
from pipelines.journal import record
from pipelines.layout import raw_table
from pipelines.store import Store
from pipelines.table_versions import digest_of

PARTS = ("2013-01", "2013-02", "2013-03")
TABLES = ("flights", "weather")


@dataclass
class History:
    """rows: digest by table, partition and version that somebody named. files: paths that somebody named, with their
    content. loose: files that nobody did."""

    rows: dict[tuple[str, str, int], str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)


def make(store: Store, seed: int) -> History:
    """Pulls and corrections of raw rows; of some of them validations, joins, training sets and records."""
    chance, history = random.Random(seed), History()
    for step in range(chance.randint(6, 14)):
        part = chance.choice(PARTS)
        versions = {name: _pull(store, chance, name, part) for name in TABLES}
        named = {
            name: {"version": version, "digest": _digest(store, name, part, version), "rows": 3}
            for name, version in versions.items()
        }
        kind = chance.choice(("nothing", "validated", "record", "joined", "loose"))
        if kind == "validated":
            digests = {name: one["digest"] for name, one in named.items()}
            validated = ValidatedPartition(part, 3, versions, digests)
            record(store, validated.event("flights", datetime(2013, 4, 1, step, tzinfo=UTC)))
        elif kind == "record":
            tables = {raw_table("flights", name): one for name, one in named.items()}
            _keep(store, history, f"releases/m/v{step}/r001.json", {"data": [{"part": part, "tables": tables}]})
        elif kind == "joined":
            _joined(store, history, chance, part, step, named)
        else:
            _write(store, history.loose, f"joined/flights/{part}-{step:016x}.parquet", step.to_bytes(8, "big"))
        if kind not in ("nothing", "loose"):
            history.rows |= {(name, part, version): named[name]["digest"] for name, version in versions.items()}
    _write(store, history.loose, "candidates/m/scores-0123.parquet", b"scores")
    _write(store, history.loose, "training_sets/m/kept/beef.json", b'{"partitions": []}')
    return history


def _joined(store, history: History, chance, part: str, step: int, named) -> None:
    """A joined file that a training set under its digest names, which a candidate names; or, that predictions name."""
    path = f"joined/flights/{part}-{step:016x}.parquet"
    _keep(store, history, path.replace(".parquet", ".json"), {"tables": named, "features": {}})
    content = f"joined {step}".encode()
    store.write_file(path, content)
    history.files[path] = content
    if chance.random() < 0.5:
        digest = f"{step:064x}"
        _keep(store, history, f"training_sets/m/kept/{digest}.json", {"partitions": [{"path": path}]})
        _keep(store, history, f"candidates/m/v{step}.json", {"training_set": digest})
    else:
        _keep(store, history, f"predictions_manifests/m/{step}.json", {"joined": hashlib.sha256(content).hexdigest()})


def _keep(store: Store, history: History, path: str, content) -> None:
    history.files[path] = json.dumps(content).encode()
    store.write_file(path, history.files[path])


def _write(store: Store, paths: set[str], path: str, content: bytes) -> None:
    store.write_file(path, content)
    paths.add(path)


def _pull(store: Store, chance: random.Random, name: str, part: str) -> int:
    rows = pa.table({"value": [chance.random() for _ in range(3)]})
    return store.replace_partition(raw_table("flights", name), rows, part).version


def _digest(store: Store, name: str, part: str, version: int) -> str:
    return digest_of(store.read(raw_table("flights", name), part=part, version=version))


def age(store: Store, days: int) -> None:
    """Make everything that was written older: the files, and what the tables' logs say of the time."""
    gone = timedelta(days=days).total_seconds()
    for path in Path(store.uri).rglob("*"):
        if path.suffix == ".json" and path.parent.name == "_delta_log":
            told = re.sub(
                r'("(?:deletionTimestamp|timestamp|modificationTime)":)(\d+)', _earlier(gone), path.read_text()
            )
            path.write_text(told)
        if path.is_file():
            at = path.stat().st_mtime - gone
            os.utime(path, (at, at))


def _earlier(seconds: float):
    return lambda found: f"{found[1]}{int(found[2]) - int(seconds * 1000)}"
