"""A disk that is full stops a step with a reason, spoils nothing, and with room again the step goes on."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.processes import DATA, environment, step, written

pytestmark = pytest.mark.slow
SMALL, LARGE = "700k", "200m"


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("only root mounts a disk of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "trainyard-test", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_a_step_and_with_room_it_goes_on(small_disk, undisturbed):
    on_small, refused = environment(small_disk), []
    for name in DATA:
        if (ran := step(name, on_small)).returncode:
            refused.append(name)
            assert ran.returncode == 1, "it may be tried again"
            assert "A disk is full" in ran.stderr.splitlines()[-1] and "Traceback" not in ran.stderr
            subprocess.run(["mount", "-o", f"remount,size={LARGE}", str(small_disk)], check=True)
            again = step(name, on_small)
            assert again.returncode == 0, again.stderr
    assert len(refused) == 1
    assert written(small_disk / "store") == written(undisturbed)
