"""Being asked to end: a node is drained, a pod is evicted, a worker is stopped."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pipelines.errors import EXIT_TERMINATED

# Of a pod's grace, what a chunk may take: its checkpoint takes some too, and the next chunk may be slower.
SHARE_OF_GRACE = 0.5


@dataclass
class Grace:
    """Of the pod that a training runs in. seconds: from being asked to end until the kill; None where none is known."""

    seconds: float | None = None
    told: bool = False

    def watch(self, fit: str, rounds: int, took_s: float) -> None:
        """Say, once, that a chunk of so many rounds takes so long that its end may come after the kill."""
        if self.seconds is None or self.told or took_s <= self.seconds * SHARE_OF_GRACE:
            return
        self.told = True
        fitting = max(1, int(rounds * self.seconds * SHARE_OF_GRACE / took_s))
        print(
            f"{fit}: a chunk of {rounds} rounds took {took_s:.1f} s, and this pod has {self.seconds:g} s to end in: "
            "when it is asked to end it may be killed before it saves them. Set training.chunk_rounds to "
            f"{fitting} or less (that makes another candidate), or raise grace_s of the resource class",
            flush=True,
        )


@contextmanager
def ends_when_asked() -> Iterator[Callable[[], bool]]:
    """While it lasts SIGTERM ends nothing; the answer says whether it came, also afterwards.

    Whoever asks has to end then. Outside of the main thread, where Python lets nobody handle signals, it stays False.
    """
    came = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield came.is_set
        return
    before = signal.signal(signal.SIGTERM, lambda *_: came.set())
    try:
        yield came.is_set
    finally:
        signal.signal(signal.SIGTERM, before)


def end_when_asked_in_a_pod() -> None:
    """Let SIGTERM end this process also as the first of a container, which gets only the signals that it handles."""
    if os.environ.get("TRAINYARD_POD"):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(EXIT_TERMINATED))
