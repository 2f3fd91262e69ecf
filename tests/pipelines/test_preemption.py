"""A training that is asked to end does so between two chunks, and says when those are too long for it."""

import signal
import threading
from dataclasses import replace

import pytest

from pipelines import estimators
from pipelines.checkpoints import checkpoints_of
from pipelines.errors import EXIT_PREEMPTED, Preempted
from pipelines.layout import fit_checkpoints
from pipelines.preemption import Grace, ends_when_asked
from pipelines.spec import find_model
from tests.pipelines.interrupted_fits import (
    KEY,
    MODEL,
    Killed,
    be_asked_to_end,
    die,
    interrupt,
    refit,
    stopped,
)

REFIT = fit_checkpoints(MODEL, KEY, "refit")
pytestmark = pytest.mark.usefixtures("one_thread")


def test_asked_to_end_a_fit_finishes_its_chunk_saves_and_says_how_to_go_on(saved, monkeypatch):
    rarely = replace(saved, every_s=3600)
    before = signal.getsignal(signal.SIGTERM)
    interrupt(monkeypatch, 1, be_asked_to_end)
    with pytest.raises(Preempted) as asked:
        refit(rarely)
    assert asked.value.exit_code == EXIT_PREEMPTED == 75
    assert str(asked.value) == (
        f"late: asked to end (SIGTERM). refit is saved at round 8 of 14 in {REFIT}; run the same step again, "
        "it goes on from there"
    )
    assert signal.getsignal(signal.SIGTERM) == before
    assert refit(rarely) == refit(None)


def test_asked_to_end_in_its_last_chunk_a_fit_is_saved_complete(saved, monkeypatch):
    interrupt(monkeypatch, 3, be_asked_to_end)
    with pytest.raises(Preempted, match="refit is saved at round 14 of 14"):
        refit(saved)
    interrupt(monkeypatch, 0, die)
    assert refit(saved) == refit(None)


def test_asked_to_end_before_a_resumed_fit_went_on_nothing_is_done(saved, monkeypatch):
    interrupt(monkeypatch, 3, die)
    with pytest.raises(Killed):
        refit(saved)
    interrupt(monkeypatch, 0, die)
    quantize = estimators.quantize
    monkeypatch.setattr(estimators, "quantize", lambda *given: (be_asked_to_end(), quantize(*given))[1])
    with pytest.raises(Preempted, match="refit is saved at round 12 of 14"):
        refit(saved)


def test_outside_of_the_main_thread_signals_are_left_alone():
    found = []

    def ask() -> None:
        with ends_when_asked() as asked:
            found.extend([asked(), signal.getsignal(signal.SIGTERM)])

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [False, before]


def test_a_chunk_that_takes_most_of_the_pods_grace_is_told_once(saved, capsys):
    short = replace(saved, grace=Grace(1e-9))
    refit(short)
    stopped(short.of_window("2013-02-01T00-00-00"))
    told = [line for line in capsys.readouterr().out.splitlines() if "to end in" in line]
    assert len(told) == 1 and told[0].startswith("refit: a chunk of 4 rounds took ")
    assert "Set training.chunk_rounds to 1 or less" in told[0]


def test_the_rounds_that_fit_into_half_of_the_grace_are_named(capsys):
    grace = Grace(60)
    grace.watch("refit", 50, took_s=30.0)
    assert capsys.readouterr().out == ""
    grace.watch("refit", 50, took_s=100.0)
    told = "refit: a chunk of 50 rounds took 100.0 s, and this pod has 60 s to end in: "
    printed = capsys.readouterr().out
    assert printed.startswith(told) and "Set training.chunk_rounds to 15 or less" in printed


@pytest.mark.parametrize("told, seconds", [("60", 60), ("", None)])
def test_the_grace_is_what_the_pod_says_and_without_one_nothing_is_told(store, monkeypatch, told, seconds, capsys):
    monkeypatch.setenv("TRAINYARD_GRACE_S", told)
    grace = checkpoints_of(find_model("flight_delay"), store, KEY).grace
    assert grace.seconds == seconds
    Grace().watch("refit", 50, took_s=1e6)
    assert capsys.readouterr().out == ""
