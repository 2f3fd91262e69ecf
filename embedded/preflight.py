"""Checks this machine before anything is installed or started: one line with the remedy, exit 2.

Runs on the bare interpreter of the system, so: standard library only, and no syntax newer than Python 3.6.
"""

import argparse
import json
import os
import platform
import re
import shutil
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
OLDEST, NEWEST = (3, 11), (3, 13)
GIB = 1024**3
INSTALL_BYTES = 6 * GIB
RUN_BYTES = 2 * GIB
ADMIN_FOLDERS = ("/usr/sbin", "/sbin")
ADMIN = "admin:admin"
USER = re.compile(r"[A-Za-z0-9_.@-]+:(viewer|user|op|admin)\Z")


def python_problem(version=sys.version_info):
    """The remedy when this interpreter can't run the lock, else None."""
    found = tuple(version[:2])
    if OLDEST <= found <= NEWEST:
        return None
    return f"Python {found[0]}.{found[1]} found, 3.11, 3.12 or 3.13 needed. Name one: PYTHON=python3.12 make demo"


def system_problem(system=None, libc=None):
    """The remedy where no PostgreSQL wheel exists for this system, else None."""
    system = system or platform.system()
    libc = platform.libc_ver()[0] if libc is None else libc
    if system == "Windows":
        return "Windows is not supported by the embedded stack. Run it inside WSL 2."
    if system == "Linux" and libc != "glibc":
        return "This Linux has no glibc (Alpine?), for which no PostgreSQL wheel exists. Use Debian, Ubuntu or Fedora."
    return None


def venv_problem(uv=None, has_module=find_spec):
    """The remedy when no virtual environment can be made, else None; uv needs neither pip nor ensurepip."""
    if not has_module("venv"):
        return "This Python has no 'venv' module. Install it: apt-get install python3-venv (Debian, Ubuntu)"
    if not uv and not has_module("ensurepip"):
        return "This Python has neither 'ensurepip' nor uv. Install one: apt-get install python3-venv, or uv"
    return None


def disk_problem(folder, needed, free=None):
    """The remedy when less than needed bytes are free where folder lies or will lie, else None."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(str(folder)).free if free is None else free
    if free >= needed:
        return None
    found = f"{folder}: {free / GIB:.1f} GB free, {needed / GIB:.0f} GB needed."
    return f"{found} Free some, or set TRAINYARD_HOME to a larger disk."


def writable_problem(folder):
    """The remedy when the state folder can't be made or written, else None."""
    while not folder.exists():
        folder = folder.parent
    if os.access(str(folder), os.W_OK | os.X_OK):
        return None
    return f"{folder} is not writable. Set TRAINYARD_HOME to a folder that is."


def semaphore_problem(folder="/dev/shm"):
    """The remedy when Airflow's executor could make no semaphore, else None."""
    if platform.system() != "Linux" or os.access(folder, os.W_OK):
        return None
    return f"{folder} is missing or not writable; Airflow's executor needs it. Mount it: mount -t tmpfs tmpfs {folder}"


def admin_path():
    """The search path for an administrator's programs."""
    return os.pathsep.join((os.environ.get("PATH", os.defpath), *ADMIN_FOLDERS))


def postgres_user_problem(euid=None, which=shutil.which):
    """The remedy when root could not make the user that PostgreSQL runs as (it refuses root), else None."""
    if (os.geteuid() if euid is None else euid) != 0 or which("useradd", path=admin_path()):
        return None
    return (
        "You are root, which PostgreSQL refuses, and 'useradd' is missing. Install package passwd, or log in as a user."
    )


def port_problem(port, variable, ours=()):
    """The remedy when a port is taken by something else than our own running stack, else None."""
    if port in ours:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Like the servers: a port whose last connection still lingers may be bound.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return (
                f"Port {port} is in use by another program. Stop it, or choose another: {variable}={port + 1} make demo"
            )
    return None


def own_ports(home):
    """The ports that our own running stack holds, by its state file; empty when none runs."""
    try:
        state = json.loads((home / "state.json").read_text())
        os.kill(state["pid"], 0)
    except PermissionError:
        pass
    except (OSError, ValueError, KeyError):
        return ()
    return tuple(state.get("ports", {}).values())


def ports_asked(environ):
    """[(variable, port)] that the stack will listen on; raises ValueError naming a variable that is no port."""
    asked = []
    for variable, default in (("AIRFLOW_PORT", "8080"), ("MLFLOW_PORT", "5000")):
        text = environ.get(variable) or default
        if not text.isdigit() or not 1 <= int(text) <= 65535:
            raise ValueError(f"{variable}={text!r} is no port. Allowed: 1 to 65535.")
        asked.append((variable, int(text)))
    if asked[0][1] == asked[1][1]:
        raise ValueError(f"AIRFLOW_PORT and MLFLOW_PORT are both {asked[0][1]}. Choose two ports.")
    return asked


def users_asked(environ):
    """Airflow's users as it reads them, name:role: the administrator, and whom TRAINYARD_USERS adds.

    Raises ValueError naming what is no user.
    """
    added = [user.strip() for user in environ.get("TRAINYARD_USERS", "").split(",") if user.strip()]
    for user in added:
        if not USER.match(user) or user.startswith("admin:"):
            raise ValueError(
                f"TRAINYARD_USERS has {user!r}. Write name:role, such as ana:user,vic:viewer, with a name other "
                "than admin. Roles: viewer, user, op, admin."
            )
    return ",".join([ADMIN, *added])


def home_folder(environ):
    """Where the stack keeps its state: TRAINYARD_HOME, else .trainyard in the repository."""
    return Path(environ.get("TRAINYARD_HOME") or REPO / ".trainyard").expanduser().resolve()


def install_problems(environ):
    """What stands in the way of making .venv."""
    fresh = not (REPO / ".venv" / ".installed").exists()
    return [
        python_problem(),
        system_problem(),
        venv_problem(uv=shutil.which("uv", path=environ.get("PATH"))),
        disk_problem(REPO, INSTALL_BYTES if fresh else RUN_BYTES),
    ]


def start_problems(environ):
    """What stands in the way of starting the servers; nothing when they already run."""
    home = home_folder(environ)
    ours = own_ports(home)
    if ours:
        return []
    problems = [
        python_problem(),
        system_problem(),
        writable_problem(home),
        disk_problem(home, RUN_BYTES),
        semaphore_problem(),
        postgres_user_problem(),
    ]
    try:
        problems += [port_problem(port, variable, ours) for variable, port in ports_asked(environ)]
        users_asked(environ)
    except ValueError as wrong:
        problems.append(str(wrong))
    return problems


def main(arguments=None):
    """Print what stands in the way, one line each; return 2 when anything does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--install", action="store_true", help="check what making .venv needs, not what starting needs")
    options = parser.parse_args(arguments)
    problems = install_problems(os.environ) if options.install else start_problems(os.environ)
    found = list(dict.fromkeys(problem for problem in problems if problem))
    for problem in found:
        print("trainyard: " + problem, file=sys.stderr)
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main())
