"""The supervisor, with trivial children: what dies comes back, and nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from embedded import processes
from embedded.home import REPO, Home

# Prints its own pid and that of a grandchild which outlives it, in a process group of its own.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], process_group=0)
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""

SUPERVISE = """
import sys
from pathlib import Path
from embedded.home import Home
from embedded.services import Service
from embedded.supervisor import Supervisor
home = Home(Path(sys.argv[1]))
home.make()
parent = Service("parent", (sys.executable, "-c", sys.argv[2]), {}, home.root, after=("setup",))
job = {"once": True, "done_mark": home.root / "mark", "done_text": "1"}
setup = Service("setup", (sys.executable, "-c", ""), {}, home.root, **job)
Supervisor(home, [setup, parent]).run()
"""


@pytest.fixture
def supervised(tmp_path):
    """A running supervisor of PARENT in a process of its own; yields (home, process)."""
    command = [sys.executable, "-c", SUPERVISE, str(tmp_path), PARENT]
    process = subprocess.Popen(command, cwd=REPO, stdout=subprocess.DEVNULL, start_new_session=True)
    yield Home(tmp_path), process
    process.kill()
    process.wait()
    processes.kill_all(processes.leftovers(tmp_path, recorded(Home(tmp_path))))


def until(condition, patience_s=20.0):
    deadline = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
    return found


def family(home, generation):
    """(pid of the child, pid of the grandchild) of the given start, once printed."""
    log = home.log("parent")
    lines = log.read_text().splitlines() if log.exists() else []
    return tuple(map(int, lines[generation].split())) if len(lines) > generation else None


def recorded(home):
    services = json.loads(home.state_file.read_text())["services"].values() if home.state_file.exists() else ()
    return [(service["pid"], service["started_at"]) for service in services if service["pid"]]


def gone(*pids):
    return all(processes.started_at(pid) is None for pid in pids)


def test_a_killed_child_is_restarted_and_what_it_left_is_ended(supervised):
    home, _ = supervised
    child, grandchild = until(lambda: family(home, 0))
    os.kill(child, signal.SIGKILL)
    until(lambda: gone(grandchild))
    again, _ = until(lambda: family(home, 1))
    assert again != child
    until(lambda: json.loads(home.state_file.read_text())["services"]["parent"]["restarts"] == 1)


def test_stopping_leaves_nothing_running(supervised):
    home, process = supervised
    pids = until(lambda: family(home, 0))
    process.terminate()
    assert process.wait(timeout=15) == 0
    assert gone(*pids)
    assert json.loads(home.state_file.read_text())["services"]["parent"]["state"] == "stopped"


def test_a_job_runs_once_and_its_mark_is_kept(supervised):
    home, _ = supervised
    until(lambda: family(home, 0))
    assert (home.root / "mark").read_text() == "1"
    assert json.loads(home.state_file.read_text())["services"]["setup"]["state"] == "done"


def test_what_a_killed_supervisor_left_is_found_and_ended(supervised):
    home, process = supervised
    pids = until(lambda: family(home, 0))
    until(lambda: any(pid == pids[0] for pid, _ in recorded(home)))
    process.kill()
    process.wait()
    assert not gone(*pids)
    processes.kill_all(processes.leftovers(home.root, recorded(home)))
    assert gone(*pids)


def test_a_stranger_with_a_recorded_pid_is_left_alone(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        started_at = processes.started_at(stranger.pid) - 3600
        found = processes.leftovers(tmp_path, [(stranger.pid, started_at)])
        assert stranger.pid not in [process.pid for process in found]
    finally:
        stranger.kill()
        stranger.wait()
