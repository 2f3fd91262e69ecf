"""Being asked to end: a node is drained, a pod is evicted, a worker is stopped."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# What a shell reports of a process that the signal ended.
EXIT_TERMINATED = 128 + signal.SIGTERM


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
