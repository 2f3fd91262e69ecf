"""Noticing servers that live but no longer work.

Airflow's scheduler is the known case: when it loses the database it shuts its executor down, and that
may wait for ever for a worker that has missed the message.
"""

import http.client
import json
import math
import threading
import time
import urllib.request
from collections.abc import Callable

PROBE_EVERY_S = 5.0
PROBE_TIMEOUT_S = 10.0
# Airflow itself calls a component unhealthy after 15 to 30 s without a heartbeat; this comes on top, so
# that a busy machine kills nothing that only was slow.
HUNG_AFTER_S = 30.0
# Of a part that has not worked yet since it was launched: an API server that gets a twentieth of a core takes four
# minutes to start, and ending it would only have it begin again.
STARTS_WITHIN_S = 600.0
# Says which parts work (True) and which don't (False); a part that it leaves out can't be judged now.
Probe = Callable[[], dict[str, bool]]


class Watch:
    """Asks probes in a thread of its own, and remembers since when each part has not worked."""

    def __init__(self, probes: list[Probe]) -> None:
        self.probes = probes
        self.failing_since: dict[str, float] = {}
        self.worked_at: dict[str, float] = {}

    def start(self) -> None:
        if self.probes:
            threading.Thread(target=self._work, name="watch", daemon=True).start()

    def _work(self) -> None:
        while True:
            for probe in self.probes:
                self.note(probe(), time.monotonic())
            time.sleep(PROBE_EVERY_S)

    def note(self, working: dict[str, bool], now: float) -> None:
        """Take down what a probe said at a moment of the monotonic clock."""
        for name, works in working.items():
            if works:
                self.failing_since.pop(name, None)
                self.worked_at[name] = now
            else:
                self.failing_since.setdefault(name, now)

    def is_hung(self, name: str, launched_at: float, now: float) -> bool:
        """Whether a part has not worked for too long; the time before it was launched does not count."""
        since = self.failing_since.get(name)
        if since is None:
            return False
        if self.worked_at.get(name, -math.inf) < launched_at:
            return now - launched_at >= STARTS_WITHIN_S
        # Soon after a launch the heartbeat that seemed to work may have been its predecessor's last.
        return now - max(since, launched_at + HUNG_AFTER_S) >= HUNG_AFTER_S


def airflow_probe(url: str, components: tuple[str, ...]) -> Probe:
    """Judges Airflow's components by the heartbeats that its API server reports."""

    def probe() -> dict[str, bool]:
        try:
            health = json.loads(_read(f"{url}/api/v2/monitor/health"))
        except (OSError, ValueError, http.client.HTTPException):
            return {"api-server": False}
        if (health.get("metadatabase") or {}).get("status") != "healthy":
            # Without the database nobody can heartbeat.
            return {}
        states = {name: (health.get(name.replace("-", "_")) or {}).get("status") for name in components}
        return {**{name: state == "healthy" for name, state in states.items()}, "api-server": True}

    return probe


def page_probe(name: str, url: str) -> Probe:
    """Judges a server by whether a page of it answers."""

    def probe() -> dict[str, bool]:
        try:
            _read(url)
        except (OSError, http.client.HTTPException):
            return {name: False}
        return {name: True}

    return probe


def _read(url: str) -> bytes:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url, timeout=PROBE_TIMEOUT_S) as answer:
        content: bytes = answer.read()
    return content
