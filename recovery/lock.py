"""One backup at a time: a file lock in a folder, which ends with its process; in a bucket, a table written by
compare and set, whose lock ends after a while by itself."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from pipelines.store import Store
from recovery.errors import Busy
from recovery.tree import Bucket, Folder

LOCK = "lock"
# Longer than a backup takes; whoever was killed holds a bucket's lock for as long.
HELD_FOR = timedelta(hours=2)


@contextlib.contextmanager
def only_one(vault: Folder | Bucket) -> Iterator[None]:
    """Raises Busy, with who is at it, while another process is."""
    with _file_lock(vault) if isinstance(vault, Folder) else _table_lock(Store(vault.uri, vault.account)):
        yield


def _me() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


@contextlib.contextmanager
def _file_lock(vault: Folder) -> Iterator[None]:
    vault.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (vault.root / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Busy(f"{vault.uri} is in use by {lock.read().strip() or 'another process'}. Wait for it") from None
        lock.truncate(0)
        lock.write(f"{_me()}\n")
        lock.flush()
        yield


@contextlib.contextmanager
def _table_lock(vault: Store) -> Iterator[None]:
    version = vault.version(LOCK)
    rows = [] if version is None else vault.read(LOCK, version=version).to_pylist()
    now = datetime.now(UTC)
    if rows and rows[0]["until"] > now:
        raise Busy(
            f"{vault.uri} is in use by {rows[0]['who']}, at most until {rows[0]['until']:%F %R} UTC. Wait for it, "
            f"or, where it was killed, delete {vault.location(LOCK)}"
        )
    mine = vault.commit_after(LOCK, _held(now + HELD_FOR), version, replacing="name")
    if mine is None:
        raise Busy(f"{vault.uri} was taken by another process at the same moment. Wait for it")
    try:
        yield
    finally:
        vault.commit_after(LOCK, _held(now), mine.version, replacing="name")


def _held(until: datetime) -> pa.Table:
    return pa.table({"name": [LOCK], "who": [_me()], "until": pa.array([until], pa.timestamp("us", tz="UTC"))})
