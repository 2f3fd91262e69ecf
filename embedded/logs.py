"""Following all logs of the stack in one stream, each line with the name of its part."""

import sys
import time
from pathlib import Path

from embedded.home import Home

BACKLOG_BYTES = 2_000


def follow(home: Home, pause_s: float = 0.5) -> None:
    """Print new lines of every log until interrupted, beginning with the end of what is there."""
    positions: dict[Path, int] = {}
    while True:
        for log in sorted(home.logs.glob("*.log")):
            size = log.stat().st_size
            start = positions.get(log, max(0, size - BACKLOG_BYTES))
            # A log that shrank was rotated: begin again.
            positions[log] = _print_from(log, 0 if start > size else start)
        sys.stdout.flush()
        time.sleep(pause_s)


def _print_from(log: Path, start: int) -> int:
    """Print the complete lines from start on; returns where the next look begins."""
    with log.open("rb") as file:
        file.seek(start)
        text = file.read()
    complete = text.rfind(b"\n") + 1
    for line in text[:complete].decode(errors="replace").splitlines():
        print(f"{log.stem:<13} | {line}")
    return start + complete
