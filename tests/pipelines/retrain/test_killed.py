"""A decision whose process is killed on the way is made again as if nothing had happened."""

import multiprocessing
import os
import signal

import pytest

from pipelines.journal import events
from pipelines.monitoring_spec import Retrain
from pipelines.retrain.decisions import decide_and_record
from pipelines.retrain.state import DECISION
from pipelines.spec import find_model
from pipelines.store import Store
from tests.pipelines.retrain.reports import APRIL, JUNE, MODEL, alarm, in_force, report

SPEC = find_model(MODEL).model_copy(update={"retrain": Retrain(least_new_partitions=0)})


def decide_and_be_killed(uri: str, written: bool) -> None:
    """By SIGKILL just before the journal has it, or just after."""

    class Killed(Store):
        def commit_after(self, *told, **rest):
            if written:
                super().commit_after(*told, **rest)
            os.kill(os.getpid(), signal.SIGKILL)

    decide_and_record(SPEC, Killed(uri), report(alarm()), JUNE, triggered=True)


@pytest.mark.parametrize("written", [False, True])
def test_a_killed_decision_is_made_once(store, written):
    in_force(store, 1, APRIL)
    victim = multiprocessing.get_context("spawn").Process(target=decide_and_be_killed, args=(store.uri, written))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    left = events(store, DECISION, MODEL)
    assert len(left) == written
    again = decide_and_record(SPEC, store, report(alarm()), JUNE, triggered=True)
    assert again.content["decision"] == "retrain" and left in ([], [again])
    assert events(store, DECISION, MODEL) == [again]
