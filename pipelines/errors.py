"""What can go wrong, by what the caller should do about it. The exit code is the contract with Airflow."""

import os
import sys
from typing import NoReturn

EXIT_DONE = 0
EXIT_RETRY = 1
EXIT_CALLER_ERROR = 2
EXIT_PREEMPTED = 75  # EX_TEMPFAIL of sysexits.h
EXIT_TERMINATED = 128 + 15  # what a shell reports of a process that SIGTERM ended
EXIT_NOTHING_TO_DO = 99


def leave(code: int) -> NoReturn:
    """End the process at once, its output flushed.

    Without the interpreter's teardown: there the libraries' own threads race native destructors, and a
    process that has done its work ends in an abort (seen with PyArrow, Delta Lake and Evidently loaded).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class TrainyardError(Exception):
    """Any failure that we name; an unnamed one is a bug, and is retried like this one."""

    exit_code = EXIT_RETRY


class Unavailable(TrainyardError):
    """A server or store does not answer; the same call may succeed later."""


class CallerError(TrainyardError):
    """Repeating the call cannot help: the input, the spec or the order of calls has to change."""

    exit_code = EXIT_CALLER_ERROR


class SpecError(CallerError):
    """A declaration is wrong; the message names file, key, value and what is allowed."""


class SourceError(CallerError):
    """The source cannot be read as what it claims to be."""


class ContractBroken(CallerError):
    """A partition failed its contract and lies in quarantine with the reasons."""


class MissingInput(CallerError):
    """An earlier step has not produced what this one reads; the message gives the next command."""


class Tampered(CallerError):
    """Something is not what was recorded when it was made: it is refused, whoever changed it."""


class EmptyWindow(CallerError):
    """A window that must hold rows, or both classes, does not."""


class NothingToDo(TrainyardError):
    """The step has no work for a reason worth recording; Airflow shows it as skipped."""

    exit_code = EXIT_NOTHING_TO_DO


class Preempted(TrainyardError):
    """Asked to end, and ended with what was done saved: the next run goes on from there."""

    exit_code = EXIT_PREEMPTED
