"""Fits that are interrupted, for the modules that look at what is left of them."""

import pytest

from pipelines import estimators
from pipelines.checkpoints import Checkpoints
from pipelines.release.provenance import Meter
from tests.pipelines.interrupted_fits import KEY, MODEL


@pytest.fixture
def one_thread(monkeypatch) -> None:
    """Other tests keep the second core busy."""
    monkeypatch.setattr(estimators, "THREADS", 1)


@pytest.fixture
def saved(store) -> Checkpoints:
    """A checkpoint after every chunk."""
    return Checkpoints(store, MODEL, KEY, every_s=0, meter=Meter())
