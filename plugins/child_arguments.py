"""What a command is given: checked before a process is made of it, and shown as a shell would take it."""

import os
import shlex
from collections.abc import Sequence

from airflow.sdk.exceptions import AirflowFailException

# Linux: MAX_ARG_STRLEN, its closing zero included.
LONGEST_BYTES = 131_072
SHOWN = 60


def refuse_impossible(command: Sequence[str]) -> None:
    """Raises AirflowFailException for an argument that no process can be given: a retry would give the same one."""
    for argument in command:
        if "\0" in argument:
            raise AirflowFailException(f"{argument[:SHOWN]!a}: a NUL character cannot be given to a command.")
        try:
            size = len(os.fsencode(argument)) + 1
        except UnicodeEncodeError as error:
            raise AirflowFailException(f"{argument[:SHOWN]!a}: is no text ({error.reason}).") from error
        if size > LONGEST_BYTES:
            raise AirflowFailException(f"{argument[:SHOWN]!a}…: has {size:,} bytes; at most {LONGEST_BYTES:,}.")


def as_typed(command: Sequence[str]) -> str:
    """The command on one line of a log: pasted into a shell it is the same arguments, whatever is in them."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shlex.join(command))
