"""Keeps the stack's children running: starts them in order, restarts what dies, leaves nothing behind.

A plain single-threaded loop. Every child leads a session of its own, so that all that it starts is
found by that session even after the child is gone; orphans are adopted and ended.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from embedded import processes
from embedded.home import Home, write_private
from embedded.services import Service, stack_probes, stack_services
from embedded.settings import Settings
from embedded.watch import Watch

TICK_S = 0.2
ORPHAN_CHECK_S = 1.0
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 15.0
# A child that lived this long starts again at once when it dies.
STABLE_S = 30.0
LOG_BYTES = 20_000_000


@dataclass
class Child:
    """A service and what became of it. state: waiting, starting, running, done, restarting or stopped."""

    service: Service
    state: str = "waiting"
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    launched_at: float = 0.0
    start_not_before: float = 0.0
    backoff_s: float = FIRST_BACKOFF_S
    restarts: int = 0
    last_exit: int | None = None
    # Where the log stood at the last death: what follows is the next start's.
    log_end: int | None = None

    def is_ready(self) -> bool:
        return self.state in ("running", "done")

    def serves(self) -> bool:
        return self.service.ready is None or self.service.ready()

    def record(self) -> dict[str, object]:
        """What the state file says of it."""
        pid = self.process.pid if self.process else None
        return {
            "pid": pid,
            "started_at": self.started_at if pid else None,
            "state": self.state,
            "restarts": self.restarts,
            "last_exit": self.last_exit,
            "log_end": self.log_end,
        }


class Supervisor:
    """Runs services until SIGTERM or SIGINT, then stops them in reverse order."""

    def __init__(
        self,
        home: Home,
        services: list[Service],
        ports: dict[str, int] | None = None,
        watch: Watch | None = None,
        compute: str = "local",
    ) -> None:
        self.home = home
        self.ports = ports or {}
        self.compute = compute
        self.watch = watch or Watch([])
        self.children = {service.name: Child(service) for service in services}
        self.stopping = False
        self.written = ""
        self.orphans_checked_at = 0.0

    def run(self) -> None:
        """Supervise until told to stop; returns when every child has gone."""
        processes.adopt_orphans()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "stopping", True))
        self.watch.start()
        try:
            while not self.stopping:
                self.tick()
                time.sleep(TICK_S)
        finally:
            self.stop()

    def tick(self) -> None:
        """One look at all children."""
        self.reap()
        self.end_orphans()
        for child in self.children.values():
            if child.process is None and child.state in ("waiting", "restarting") and self.may_start(child):
                self.start(child)
            elif child.state == "starting" and not child.service.once and child.serves():
                child.state = "running"
            if child.state == "running" and time.monotonic() - child.launched_at > STABLE_S:
                child.backoff_s = FIRST_BACKOFF_S
            if child.state == "running":
                self.end_hung(child)
        self.write_state()

    def may_start(self, child: Child) -> bool:
        ready = all(self.children[name].is_ready() for name in child.service.after)
        return ready and time.monotonic() >= child.start_not_before

    def start(self, child: Child) -> None:
        """Start one child in its own session, its output appended to its log."""
        service = child.service
        if service.done_mark and service.done_mark.exists() and service.done_mark.read_text() == service.done_text:
            child.state = "done"
            return
        if service.before_start:
            service.before_start()
        with self.home.log(service.name).open("ab") as log:
            child.process = subprocess.Popen(
                service.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=service.folder,
                env={**service.environment, processes.MARK: str(self.home.root)},
                start_new_session=True,
                **processes.running_as(service.user),
            )
        child.started_at = processes.started_at(child.process.pid) or 0.0
        child.launched_at = time.monotonic()
        child.state = "starting"
        say(f"{service.name}: started, pid {child.process.pid}")

    def end_hung(self, child: Child) -> None:
        """Kill a child that lives without working; it is then restarted like any that died."""
        assert child.process is not None
        if self.watch.is_hung(child.service.name, child.launched_at, time.monotonic()):
            say(f"{child.service.name}: hangs, ending it")
            child.process.send_signal(signal.SIGKILL)

    def reap(self) -> None:
        """Collect every process that ended: a child is restarted, an adopted orphan merely forgotten."""
        by_pid = {child.process.pid: child for child in self.children.values() if child.process}
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in by_pid:
                self.after_exit(by_pid[pid], os.waitstatus_to_exitcode(status))

    def after_exit(self, child: Child, code: int) -> None:
        """Clear up after a child that ended and decide when it starts again."""
        assert child.process is not None
        child.process.returncode = child.last_exit = code
        child.log_end = self.home.log(child.service.name).stat().st_size
        say(f"{child.service.name}: ended with {code}")
        self.end_session(child)
        child.process = None
        self.orphans_checked_at = 0.0
        if child.service.once and code == 0:
            child.state = "done"
            if child.service.done_mark:
                child.service.done_mark.write_text(child.service.done_text)
            return
        child.state, child.restarts = "restarting", child.restarts + 1
        child.start_not_before = time.monotonic() + child.backoff_s
        child.backoff_s = min(2 * child.backoff_s, LONGEST_BACKOFF_S)

    def end_session(self, child: Child) -> None:
        """Kill what a dead child left: an orphaned worker would run a task beside its own retry."""
        assert child.process is not None
        left = processes.session_members({child.process.pid})
        if left:
            say(f"{child.service.name}: ending {len(left)} processes that it left")
            processes.kill_all(left)

    def end_orphans(self) -> None:
        """Kill adopted processes: nobody waits for their result any more, and a retry may run beside them."""
        if time.monotonic() - self.orphans_checked_at < ORPHAN_CHECK_S:
            return
        self.orphans_checked_at = time.monotonic()
        ours = {child.process.pid for child in self.children.values() if child.process}
        orphans = [process for process in psutil.Process().children() if process.pid not in ours]
        alive = [process for process in orphans if processes.started_at(process.pid) is not None]
        if alive:
            say(f"ending orphans: {', '.join(str(process.pid) for process in alive)}")
            processes.kill_all(alive)

    def stop(self) -> None:
        """Stop the children, dependants first, each within its patience; then kill whatever is left."""
        say("stopping")
        waves = [
            [child for child in self.children.values() if child.process and child.service.after],
            [child for child in self.children.values() if child.process and not child.service.after],
        ]
        for wave in waves:
            self.stop_wave(wave)
        processes.kill_all(psutil.Process().children(recursive=True))
        for child in self.children.values():
            child.process, child.state = None, "stopped"
        self.write_state()
        say("stopped")

    def stop_wave(self, wave: list[Child]) -> None:
        for child in wave:
            assert child.process is not None
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.service.stop_signal)
        deadline = time.monotonic() + max((child.service.stop_patience_s for child in wave), default=0)
        while time.monotonic() < deadline and any(_alive(child) for child in wave):
            time.sleep(0.05)
        sessions = {child.process.pid for child in wave if child.process}
        processes.kill_all(processes.session_members(sessions))

    def write_state(self) -> None:
        """Write the state file when anything changed; a later start finds leftovers by it."""
        state = {
            "pid": os.getpid(),
            "started_at": processes.started_at(os.getpid()),
            "ports": self.ports,
            "compute": self.compute,
            "services": {name: child.record() for name, child in self.children.items()},
        }
        text = json.dumps(state, indent=2)
        if text != self.written:
            write_private(self.home.state_file, text + "\n")
            self.written = text


def _alive(child: Child) -> bool:
    return child.process is not None and processes.started_at(child.process.pid) is not None


def say(line: str) -> None:
    """One line of the supervisor's own log."""
    print(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), line, flush=True)


def rotate(log: Path) -> None:
    """Put a huge log aside as <name>.log.1."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def main() -> None:
    """Supervise the whole stack of one home; a second supervisor of it ends at once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    Settings.add_arguments(parser)
    options = parser.parse_args()
    home, settings = Home(options.home), Settings.from_arguments(options)
    with (home.root / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("another supervisor runs this home") from None
        home.pid_file.write_text(f"{os.getpid()}\n")
        services = stack_services(home, settings)
        for service in services:
            rotate(home.log(service.name))
        watch = Watch(stack_probes(settings))
        Supervisor(home, services, settings.ports(), watch, settings.compute).run()
        home.pid_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
