"""Finding and ending processes that are ours, and no others."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psutil

# Every child carries its home in this variable: the mark by which a later start knows its leftovers.
MARK = "TRAINYARD_SUPERVISED"
PR_SET_CHILD_SUBREAPER = 36
# Start times are counted in clock ticks of a hundredth; JSON keeps them exactly, but for rounding.
SAME_START_S = 0.005


def running_as(user: str | None) -> dict[str, Any]:
    """The arguments with which subprocess starts a program as another user; none for None."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none escapes (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def started_at(pid: int) -> float | None:
    """When a living process started: its identity beside the pid; None for a dead one or a zombie.

    On Linux in seconds since boot. psutil's time since the epoch moves whenever the clock is set, by
    which a process would seem to be another.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform != "linux":
            return process.create_time()
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(after_name[19]) / os.sysconf("SC_CLK_TCK")
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None


def is_same(pid: int, start: float) -> bool:
    """Whether the process recorded as (pid, start) still lives, and the pid is not another's by now."""
    now = started_at(pid)
    return now is not None and abs(now - start) < SAME_START_S


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


def session_members(sessions: set[int]) -> list[psutil.Process]:
    """The living processes of these sessions; each child of the supervisor leads one, named by its pid."""
    return [
        process
        for process in psutil.process_iter()
        if session_of(process.pid) in sessions and started_at(process.pid) is not None
    ]


def leftovers(home: Path, recorded: Iterable[tuple[int, float]]) -> list[psutil.Process]:
    """What still runs of an earlier supervisor of this home.

    recorded: (pid, start time) of the children that it had written down. A process counts when it
    is one of them, belongs to the session of one and works inside home, or carries home's mark.
    """
    recorded = list(recorded)
    sessions = {pid for pid, _ in recorded}
    starts = dict(recorded)
    return [
        process
        for process in psutil.process_iter()
        if process.pid != os.getpid() and _is_leftover(process, home, sessions, starts)
    ]


def _is_leftover(process: psutil.Process, home: Path, sessions: set[int], starts: dict[int, float]) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.pid in starts and is_same(process.pid, starts[process.pid]):
            return True
        if session_of(process.pid) in sessions and Path(process.cwd()).is_relative_to(home):
            return True
        return process.environ().get(MARK) == str(home)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def kill_all(processes: Iterable[psutil.Process], patience_s: float = 5.0) -> None:
    """SIGKILL these processes and what they started, and wait until they are gone."""
    doomed = {process.pid: process for process in processes}
    for process in list(doomed.values()):
        with contextlib.suppress(psutil.NoSuchProcess):
            doomed.update((child.pid, child) for child in process.children(recursive=True))
    for process in doomed.values():
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and any(started_at(pid) is not None for pid in doomed):
        time.sleep(0.02)
