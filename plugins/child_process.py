"""A child process that cannot outlive its task and whose output arrives as readable lines."""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

GRACE_S = 3.0  # Airflow kills a task 5 s after it asked it to end: be done by then
LINE_BYTES = 8_192
BLOCK_BYTES = 65_536

_PR_SET_PDEATHSIG = 1
# Loaded here, not in the child: between fork and exec only plain system calls are safe.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ChildProcess:
    """Starts at once, in a process group of its own.

    A worker killed with SIGKILL runs no clean-up, and an orphaned training would go on writing
    beside its own retry; so the kernel is asked to kill the child when its parent dies.
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
        parent = os.getpid()

        def die_with_parent() -> None:
            if _libc is not None:
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
                if os.getppid() != parent:  # it died before the request was in place
                    os._exit(1)

        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.DEVNULL,  # the task's own stdin is its line to Airflow's supervisor
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
            preexec_fn=die_with_parent,
        )
        self._kill_later = threading.Timer(GRACE_S, self._signal_group, [signal.SIGKILL])
        self._kill_later.daemon = True

    @property
    def pid(self) -> int:
        return self._process.pid

    def lines(self) -> Iterator[str]:
        """Standard output and error, line by line, until the child has ended."""
        return readable_lines(self._blocks())

    def wait(self) -> int:
        """The exit code; minus the signal's number when a signal ended it."""
        return self._process.wait()

    def stop(self) -> None:
        """Ask the whole group to end, and kill what is left after a grace; returns at once.

        Called from Airflow's signal handler, which may have interrupted `wait`: it must not wait.
        """
        self._signal_group(signal.SIGTERM)
        with suppress(RuntimeError):  # asked twice: the first request's timer runs
            self._kill_later.start()

    def close(self) -> None:
        """Leave nothing of the group behind, whatever ended the reading."""
        if self._process.poll() is None:  # the task gave up first: its time is over
            self._signal_group(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_S)
        self._kill_later.cancel()
        self._signal_group(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _signal_group(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _blocks(self) -> Iterator[bytes]:
        output = self._process.stdout
        assert output is not None
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            while True:
                if selector.select(timeout=0.5):
                    block = os.read(output.fileno(), BLOCK_BYTES)
                    if not block:
                        return
                    yield block
                elif self._process.poll() is not None:  # a grandchild still holds the pipe open
                    return


def readable_lines(blocks: Iterable[bytes]) -> Iterator[str]:
    """Non-empty lines of a byte stream, each at most LINE_BYTES long, safe to show in a log."""
    line, cut = bytearray(), 0
    for block in blocks:
        for index, piece in enumerate(block.split(b"\n")):
            if index:
                yield from _readable(line, cut)
                line, cut = bytearray(), 0
            room = LINE_BYTES - len(line)
            line += piece[:room]
            cut += max(0, len(piece) - room)
    yield from _readable(line, cut)


def _readable(line: bytearray, cut: int) -> Iterator[str]:
    # A progress bar redraws its line after a carriage return: only the last state is worth keeping.
    text = line.decode("utf-8", errors="replace").rstrip().rsplit("\r", 1)[-1]
    text = "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
    if text:
        yield f"{text} … [{cut:,} bytes cut]" if cut else text
