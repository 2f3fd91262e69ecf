"""A clock that jumps a year ahead and back while steps run changes nothing that they write.

The jump is libfaketime's, in the steps' processes alone: a container shares its machine's clock.
"""

import subprocess
import sys
import threading
import time
from pathlib import Path

import libfaketime
import pytest

from tests.chaos.processes import DATA, environment, step, written

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="libfaketime is built for Linux alone"),
]
JUMPS = ("+400d", "-30d", "+0")
EVERY_S = 0.7


class JumpingClock(threading.Thread):
    """Sets the clock of the processes that read its file anew, again and again."""

    def __init__(self, file: Path) -> None:
        super().__init__(daemon=True)
        self.file, self.count, self._ended = file, 0, threading.Event()
        self.file.write_text(JUMPS[0])

    @property
    def environment(self) -> dict[str, str]:
        library = Path(libfaketime.__file__).parent / "vendor/libfaketime/src/libfaketime.so.1"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            # Waiting for a moment is the machine's; only what a step believes to be now jumps.
            "DONT_FAKE_MONOTONIC": "1",
        }

    def run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.count += 1
            self.file.write_text(JUMPS[self.count % len(JUMPS)])

    def __enter__(self) -> "JumpingClock":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def test_the_clock_of_a_process_jumps(tmp_path):
    """Else the next test would show nothing."""
    clock = JumpingClock(tmp_path / "clock")
    told = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"],
        env=environment(tmp_path, **clock.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(told.stdout) - time.time() > 399 * 86400


def test_steps_under_a_jumping_clock_write_the_same(tmp_path, undisturbed):
    jumping = tmp_path / "jumping"
    with JumpingClock(tmp_path / "clock") as clock:
        for name in DATA:
            ran = step(name, environment(jumping, **clock.environment))
            assert ran.returncode == 0, ran.stderr
    assert clock.count > len(JUMPS)
    assert written(jumping / "store") == written(undisturbed)
