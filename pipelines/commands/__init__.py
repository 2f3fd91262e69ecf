"""The command line's commands that are not steps: one file each, found by being there.

A module has SUMMARY (a line), EXAMPLE (a whole command), `add_arguments(parser)` and `run(options)`,
which returns an exit code; heavy libraries are imported inside `run`, so that `--help` is quick.
"""

import argparse
import os
import pkgutil
import unicodedata
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from pipelines.environment import store_uri
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.layout import step_result
from pipelines.release.provenance import Meter

LONGEST = 2000
# Unicode's control, surrogate, private and unassigned characters; and those that turn the direction of text.
UNREADABLE = ("Cc", "Cs", "Co", "Cn")
TURNING = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def names() -> list[str]:
    """Of all commands, sorted; the file `rollback.py` is the command `rollback`."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__))


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: ModuleType) -> None:
    """Add a module of this folder to the command line."""
    module.add_arguments(add_parser(commands, name, module.SUMMARY, module.EXAMPLE))


def add_parser(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, summary: str, example: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_span(command: argparse.ArgumentParser) -> None:
    command.add_argument("--start", required=True, help="first instant, such as 2013-04-01 (UTC)")
    command.add_argument("--end", required=True, help="first instant after, such as 2013-05-01 (UTC)")


def said(text: str) -> str:
    """The type of an argument that goes on record: blank is refused, and what `noted` refuses."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be blank: it goes on record")
    return noted(text)


def noted(text: str) -> str:
    """One line, as people and terminals read it: all white space is one space, and what would show as something
    else than it is, such as an escape sequence or text turned around, is refused."""
    line = " ".join(text.split())
    if len(line) > LONGEST:
        raise argparse.ArgumentTypeError(f"must be at most {LONGEST:,} characters (got {len(line):,})")
    unreadable = next((char for char in line if unicodedata.category(char) in UNREADABLE or char in TURNING), None)
    if unreadable is not None:
        raise argparse.ArgumentTypeError(f"must be text that people can read (it has the character {unreadable!a})")
    return line


def new_file(text: str) -> Path:
    """The type of an argument that names a file to write: told before the work that would be lost."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"must be a file in a folder that is there (got {text})")
    return path


def span_of(options: argparse.Namespace) -> Interval:
    return Interval.parse(options.start, options.end)


def leave_result(result: StepResult, meter: Meter, file: Path | None) -> None:
    """With its cost, first in the store, where it outlives the pod that the step may run in, then in the file."""
    result = replace(result, cost=meter.read().model_dump())
    pod = os.environ.get("TRAINYARD_POD")
    if pod:
        from pipelines.store import Store

        Store(store_uri()).write_file(step_result(pod), result.to_json().encode())
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(result.to_json())
