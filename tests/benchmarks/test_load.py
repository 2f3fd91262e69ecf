"""Order, waits and empty slots are told from the times of task instances; the specs are those of the product."""

import pytest

from benchmarks.load_figures import Ran, draw, empty_slot_seconds, out_of_order, waits
from benchmarks.load_specs import DUE, copy_code, days, model_names
from pipelines.environment import REPO
from pipelines.spec import load_datasets, load_models

AWAIT, SCORE, WATCH = ("a__predict", "await_features"), ("a__predict", "predict"), ("a__monitor", "detect_drift")
EDGES = [(AWAIT, SCORE), (SCORE, WATCH)]


def ran(task, queued, *spans):
    return task, Ran(task, "success", queued, spans)


@pytest.fixture
def tasks():
    """A sensor that looks twice, then a task after it, and one after that: 2 s and 1 s to a slot, 1 s to a process."""
    return dict([ran(AWAIT, 11, (1, 2), (12, 13)), ran(SCORE, 15, (16, 20)), ran(WATCH, 21, (22, 30))])


def test_what_began_before_its_upstream_ended_is_named(tasks):
    assert out_of_order(tasks, EDGES) == []
    early = tasks | dict([ran(WATCH, 17, (18, 30))])
    assert out_of_order(early, EDGES) == ["a__monitor.detect_drift started 2.0 s before a__predict.predict ended"]


def test_waits_are_from_the_end_of_the_last_upstream_to_slot_and_process(tasks):
    found = waits(tasks, EDGES)
    assert sorted(found.to_queued) == [1, 2] and found.to_started.tolist() == [1, 1]
    later = tasks | dict([ran(("b", "other"), 0, (1, 20.5))])
    assert sorted(waits(later, [*EDGES, (("b", "other"), WATCH)]).to_queued) == [0.5, 2]


def test_a_sensor_between_two_looks_waits_for_no_slot(tasks):
    """1 s before its first look, 3 s before the scoring, 2 s before the watching."""
    assert empty_slot_seconds(tasks, EDGES, slots=4) == 6


def test_a_full_pool_has_no_empty_slots(tasks):
    busy = tasks | dict([ran(("b", "other"), 0, (0, 30))])
    assert empty_slot_seconds(busy, EDGES, slots=1) == 0
    assert empty_slot_seconds(busy, EDGES, slots=2) == 6


def test_one_slot_stands_empty_for_one_task_only(tasks):
    both = tasks | dict([ran(("b", "other"), 0, (1, 2))])
    assert empty_slot_seconds(both, EDGES, slots=1) == 6
    assert empty_slot_seconds(both, EDGES, slots=2) == 7


def test_the_picture_is_drawn(tasks, tmp_path):
    twice = tasks | {(f"b__{dag[3:]}", name): one for (dag, name), one in tasks.items()}
    draw(twice, waits(twice, EDGES), tmp_path / "load.png")
    assert (tmp_path / "load.png").read_bytes().startswith(b"\x89PNG")


def test_the_copy_declares_each_model_once_with_daily_runs_over_daily_partitions(tmp_path):
    copy_code(REPO, tmp_path, 3)
    (flights,) = load_datasets(tmp_path / "pipelines" / "datasets").values()
    models = load_models(tmp_path / "pipelines" / "models", [flights.name])
    assert sorted(models) == model_names(3) and len({one.target.at_least for one in models.values()}) == 3
    assert (flights.partition, flights.schedule, days()[-1].end) == ("day", "0 0 * * *", DUE.start)
    assert {(one.schedule.predict, one.schedule.monitor) for one in models.values()} == {("0 0 * * *",) * 2}
    assert {one.schedule.first_effective_on for one in models.values()} == {DUE.start.date()}
