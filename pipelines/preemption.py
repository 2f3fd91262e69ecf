"""Being asked to end: a node is drained, a pod is evicted, a worker is stopped."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


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
