import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from plugins import child_process
from plugins.child_process import BLOCK_BYTES, LINE_BYTES, ChildProcess, readable_lines

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def running(program: str):
    child = ChildProcess(
        [sys.executable, "-u", "-c", program], cwd=REPOSITORY, environment={"PATH": os.environ["PATH"]}
    )
    try:
        yield child
    finally:
        child.close()


def alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


def test_both_streams_arrive_in_order():
    program = "import sys; print('out'); print('err', file=sys.stderr); print('end')"
    with running(program) as child:
        assert list(child.lines()) == ["out", "err", "end"]
        assert child.wait() == 0


def test_a_line_arrives_while_the_child_still_runs():
    with running("import time; print('first'); time.sleep(60)") as child:
        assert next(child.lines()) == "first"
        assert alive(child.pid)
    assert not alive(child.pid)


def test_a_signal_is_a_negative_exit_code():
    with running("import os, signal; os.kill(os.getpid(), signal.SIGKILL)") as child:
        assert list(child.lines()) == []
        assert child.wait() == -signal.SIGKILL


def test_stop_ends_the_whole_group():
    program = (
        "import subprocess, sys, time\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(inner.pid); time.sleep(60)"
    )
    with running(program) as child:
        lines = child.lines()
        inner = int(next(lines))
        child.stop()
        assert list(lines) == []
        assert child.wait() == -signal.SIGTERM
        assert wait_until_gone(inner)


def test_stop_kills_a_child_that_ignores_the_request(monkeypatch):
    monkeypatch.setattr(child_process, "GRACE_S", 0.2)
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    with running(program) as child:
        lines = child.lines()
        assert next(lines) == "deaf"
        child.stop()
        child.stop()
        assert list(lines) == []
        assert child.wait() == -signal.SIGKILL


def test_a_grandchild_that_holds_the_output_open_delays_nothing():
    program = (
        "import subprocess, sys\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(inner.pid)"
    )
    with running(program) as child:
        (inner,) = child.lines()
        assert child.wait() == 0
    assert wait_until_gone(int(inner))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel request is Linux's")
def test_the_child_dies_when_its_parent_is_killed():
    parent_program = (
        "import sys; from pathlib import Path\n"
        "from plugins.child_process import ChildProcess\n"
        "sleeper = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
        "child = ChildProcess(sleeper, cwd=Path('.'), environment={})\n"
        "print(child.pid, flush=True); list(child.lines())"
    )
    parent = subprocess.Popen([sys.executable, "-c", parent_program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    with parent:
        child_pid = int(parent.stdout.readline())
        assert alive(child_pid)
        parent.kill()
    assert wait_until_gone(child_pid)


def test_lines_are_joined_across_blocks():
    assert list(readable_lines([b"one\ntw", b"o\n\nthr", b"ee"])) == ["one", "two", "three"]


def test_a_giant_line_is_cut_and_says_by_how_much():
    blocks = [b"x" * BLOCK_BYTES] * 3 + [b"\nnext\n"]
    giant, following = readable_lines(blocks)
    assert giant == "x" * LINE_BYTES + f" … [{3 * BLOCK_BYTES - LINE_BYTES:,} bytes cut]"
    assert following == "next"


def test_binary_output_becomes_printable():
    (line,) = readable_lines([bytes(range(256)).replace(b"\n", b"").replace(b"\r", b"") + b"\n"])
    assert all(char.isprintable() or char == "\t" for char in line)
    assert "ABCabc" not in line and "ABC" in line


def test_a_progress_bar_leaves_its_last_state():
    assert list(readable_lines([b" 10 %\r 50 %\r100 %\r\ndone\r\n"])) == ["100 %", "done"]
