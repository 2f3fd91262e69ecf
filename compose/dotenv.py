"""The file .env: made once with strong secrets of its own, and refused while it holds weak ones."""

import base64
import re
import secrets
import stat
from collections import Counter
from pathlib import Path

from compose.errors import StackProblem
from embedded.home import write_private

SECRET = re.compile(r".*_(PASSWORD|SECRET|KEY)$|.*_JWT_SECRET$")
FERNET = "AIRFLOW_FERNET_KEY"
LEAST_LENGTH = 16
LEAST_DIFFERENT = 8
# Words that stand in examples and manuals, and so in every list of guesses.
GUESSED = ("password", "changeme", "change-me", "secret", "default", "example", "trainyard", "airflow", "postgres")
# They stand in URLs, in Redis' list of users and in shells.
ALLOWED = re.compile(r"[A-Za-z0-9_=-]+")


def read(path: Path) -> dict[str, str]:
    """The settings of a file in its order; a later line of one name wins."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#") and "=" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def is_secret(name: str) -> bool:
    return SECRET.fullmatch(name) is not None


def new_secret(name: str) -> str:
    """Of 32 random bytes; the Fernet key in the form that Airflow's library asks for."""
    if name == FERNET:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_hex(32) if name.endswith("_KEY") else secrets.token_urlsafe(24).replace("-", "_")


def ensure(path: Path, example: Path) -> dict[str, str]:
    """Make the file, or complete one that lacks what the example has since gained; its settings.

    Raises StackProblem when the file can be read by others, or holds a secret that is weak.
    """
    if path.exists():
        _require_private(path)
        found = read(path)
    else:
        found = {}
    template = read(example)
    missing = {name: new_secret(name) for name in template if is_secret(name) and not found.get(name)}
    lacking = {name: value for name, value in template.items() if name not in found and not is_secret(name)}
    if not path.exists():
        write_private(path, _filled(example.read_text(encoding="utf-8"), missing))
    elif missing or lacking:
        write_private(path, _filled(path.read_text(encoding="utf-8"), missing | lacking))
    settings = read(path)
    if problems := weak(settings):
        raise StackProblem("\n".join([f"{path} holds secrets that are too weak to start with:", *problems, REMEDY]))
    return settings


REMEDY = (
    "Empty those lines and run the command again: it fills them. What was made with the old ones, such as the\n"
    "password of PostgreSQL's own superuser, has to be changed there first: docs/compose.md"
)


def weak(settings: dict[str, str]) -> list[str]:
    """A line for each secret that somebody could guess; values themselves are never told."""
    own = {name: value for name, value in settings.items() if is_secret(name)}
    times = Counter(own.values())
    found = []
    for name, value in own.items():
        if reason := _reason(name, value, times[value]):
            found.append(f"  {name}: {reason}")
    return found


def _reason(name: str, value: str, times: int) -> str | None:
    if not value:
        return "empty"
    if any(value.lower().strip("0123456789!_-") == word for word in GUESSED):
        return "a word that everybody guesses"
    if len(value) < LEAST_LENGTH:
        return f"{len(value)} characters; {LEAST_LENGTH} or more are asked for"
    if len(set(value)) < LEAST_DIFFERENT:
        return f"{len(set(value))} different characters; {LEAST_DIFFERENT} or more are asked for"
    # Commas part the keys of a Fernet key that is being changed.
    if not ALLOWED.fullmatch(value.replace(",", "") if name == FERNET else value):
        return "holds other characters than letters, digits, '_', '-' and '='"
    return f"stands for {times} secrets at once" if times > 1 else None


def set_value(path: Path, name: str, value: str) -> None:
    """Change one setting; every other line stays."""
    if read(path).get(name) != value:
        write_private(path, _filled(path.read_text(encoding="utf-8"), {name: value}))


def _filled(text: str, values: dict[str, str]) -> str:
    """The text with the lines of these settings replaced; those that it lacks come at its end."""
    lines, left = [], dict(values)
    for line in text.splitlines():
        name = line.split("=", 1)[0].strip()
        lines.append(f"{name}={left.pop(name)}" if "=" in line and name in left else line)
    return "\n".join([*lines, *(f"{name}={value}" for name, value in left.items())]) + "\n"


def _require_private(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise StackProblem(f"{path} can be read by others (mode {mode:04o}). Close it: chmod 600 {path}")
