"""Whether a part of Airflow works, by the heartbeats that its API server reports.

usage: health.py metadatabase|scheduler|dag_processor|triggerer

A part that lives but has not worked for longer than HUNG_AFTER_S is ended here, so that Docker starts it anew: a
scheduler that lost the database may wait for ever for a worker of its own. The API server itself is asked on its own
address, and what cannot be judged while it or the database is away is left alone.
"""

import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path

HUNG_AFTER_S = 90.0
SINCE = Path("/tmp/unhealthy-since")


def status_of(part: str) -> str | None:
    """What the API server says of a part; None where that cannot be known now."""
    host = "127.0.0.1" if part == "metadatabase" else "airflow-api-server"
    try:
        with urllib.request.urlopen(f"http://{host}:8080/api/v2/monitor/health", timeout=8) as answer:
            found = json.load(answer)
    except (OSError, ValueError):
        return None
    if part != "metadatabase" and found["metadatabase"]["status"] != "healthy":
        return None
    return str((found.get(part) or {}).get("status"))


def has_hung(healthy: bool, now: float) -> bool:
    """Whether the part has not worked for too long; remembers since when in a file of the container."""
    if healthy:
        SINCE.unlink(missing_ok=True)
        return False
    if not SINCE.exists():
        SINCE.write_text(str(now))
    return now - float(SINCE.read_text()) > HUNG_AFTER_S


def end_hung() -> None:
    """Kill what tini runs: a process that hangs hears no SIGTERM."""
    children = Path("/proc/1/task/1/children").read_text().split()
    for child in children:
        os.kill(int(child), signal.SIGKILL)


def main() -> int:
    part = sys.argv[1]
    status = status_of(part)
    if part != "metadatabase" and status is not None and has_hung(status == "healthy", time.monotonic()):
        print(f"{part} has not worked for {HUNG_AFTER_S:.0f} s: ended")
        end_hung()
    return 0 if status == "healthy" else 1


if __name__ == "__main__":
    sys.exit(main())
