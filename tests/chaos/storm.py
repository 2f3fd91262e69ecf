"""Watches the steps of a stack, and does something to it while each of them runs."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

POLL_S = 0.3
# Into its work, not its imports alone: by turns, so that each kind of step is struck early and late.
DELAYS_S = (0.5, 2.0, 4.0, 7.0)


@dataclass(frozen=True)
class Moment:
    """A step that runs. nth: of its kind, from 0; start: of its interval, as its command line has it."""

    step: str
    start: str
    nth: int


@dataclass(frozen=True)
class Struck:
    moment: Moment
    what: str
    still_ran: bool


Strike = Callable[[Moment], str | None]


class Storm(threading.Thread):
    """secret: the stack's own, by which its steps are told from another stack's. strike: does what it will while the
    step runs, and says what that was; None when it left the step in peace."""

    def __init__(self, secret: str, strike: Strike) -> None:
        super().__init__(daemon=True)
        self.secret, self.strike = secret, strike
        self.struck: list[Struck] = []
        self.problem: Exception | None = None
        self._seen: set[tuple[str, str]] = set()
        self._count: Counter[str] = Counter()
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(POLL_S):
            try:
                self._look()
            except Exception as problem:
                self.problem = problem
                return

    def _look(self) -> None:
        for process, command in self._steps():
            key = (command[3], command[command.index("--start") + 1])
            if key in self._seen:
                continue
            self._seen.add(key)
            moment = Moment(*key, nth=self._count[key[0]])
            self._count[key[0]] += 1
            time.sleep(DELAYS_S[moment.nth % len(DELAYS_S)])
            still_ran = process.is_running()
            if what := self.strike(moment):
                self.struck.append(Struck(moment, what, still_ran))

    def _steps(self) -> Iterator[tuple[psutil.Process, list[str]]]:
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            # A process may end between being listed and being looked at.
            with contextlib.suppress(psutil.NoSuchProcess):
                if command[1:3] == ["-m", "pipelines"] and "--start" in command and self._is_ours(process):
                    yield process, command

    def _is_ours(self, process: psutil.Process) -> bool:
        return process.environ().get("AWS_SECRET_ACCESS_KEY") == self.secret

    def __enter__(self) -> "Storm":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
        if self.problem:
            raise self.problem
