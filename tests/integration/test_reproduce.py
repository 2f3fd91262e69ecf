"""A release made again from its record alone."""

from pathlib import Path

import pytest

from pipelines.releases import release_of
from pipelines.reproduction import reproduce
from tests.integration.small_model import SMALL

pytestmark = pytest.mark.slow
NAME = SMALL.name


def made_again(store, release):
    return reproduce(store, release, report=print)


def digests(folder: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_release_is_reproduced_to_the_byte_and_nothing_is_written(released, home):
    before = digests(home)
    found = made_again(released, release_of(released, NAME, 1))
    assert found.outcome == "identical", found
    assert {comparison.what: comparison.equal for comparison in found.comparisons} == {
        "features": True,
        "training set": True,
        "recipe": True,
        "rounds": True,
        "model bytes": True,
        "held-out predictions": True,
    }
    assert found.reasons == []
    assert digests(home) == before
