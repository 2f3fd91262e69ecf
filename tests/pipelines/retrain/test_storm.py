"""1,000 drift signals at once, from several processes: one retraining."""

import multiprocessing
from datetime import timedelta
from multiprocessing.synchronize import Barrier

from pipelines.errors import EXIT_DONE, leave
from pipelines.journal import events
from pipelines.monitoring_spec import Retrain
from pipelines.retrain.decisions import decide_and_record
from pipelines.retrain.outcome import run_id_of
from pipelines.retrain.state import DECISION
from pipelines.spec import find_model
from pipelines.store import Store
from tests.pipelines.retrain.reports import APRIL, JUNE, MODEL, alarm, in_force, report

MONITORS, RUNS_EACH, SIGNALS_EACH = 4, 10, 25
SPEC = find_model(MODEL).model_copy(update={"retrain": Retrain(least_new_partitions=0, cooldown_days=1)})


def monitor(uri: str, number: int, together: Barrier) -> None:
    """Each run is as of a second of its own and alarms on series of its own; the first half of them twice."""
    store, every = Store(uri), range(RUNS_EACH)
    together.wait()
    for run in [*every, *every[: RUNS_EACH // 2]]:
        place = number * RUNS_EACH + run
        names = [f"quality/loss/m{place * SIGNALS_EACH + signal}" for signal in range(SIGNALS_EACH)]
        decide_and_record(SPEC, store, report(*map(alarm, names)), JUNE + timedelta(seconds=place), triggered=True)
    leave(EXIT_DONE)


def test_a_storm_of_1000_signals_causes_one_retraining(store):
    in_force(store, 1, APRIL)
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(MONITORS)
    monitors = [spawn.Process(target=monitor, args=(store.uri, one, together)) for one in range(MONITORS)]
    for one in monitors:
        one.start()
    for one in monitors:
        one.join()
    assert [one.exitcode for one in monitors] == [0] * MONITORS
    made = events(store, DECISION, MODEL)
    assert len(made) == MONITORS * RUNS_EACH, "each of them is journalled"
    assert sum(len(event.content["inputs"]["signals"]) for event in made) == 1000
    (retrains,) = [event for event in made if event.content["decision"] == "retrain"]
    assert len(retrains.content["acted_on"]) == SIGNALS_EACH and run_id_of(retrains.key)
    waited = [event.content["reason"] for event in made if event is not retrains]
    assert all("a retraining was decided as of 2013-06-01, inside the cooldown of 1 day" in why for why in waited)
