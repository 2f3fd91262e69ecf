"""The loop in a real Airflow whose steps are pods, through the worst that befalls scheduler, triggerer, API and pod."""

import json

import pytest

from pipelines import flow
from tests.kube.cluster.lives import overlaps
from tests.system.loop import row_counts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]


def test_every_disturbance_happened_and_the_loop_went_on_to_its_end(loop_in_pods):
    expected = ["API restarted", "pod evicted", "scheduler killed", "triggerer killed"]
    assert (sorted(loop_in_pods.disturbances), loop_in_pods.exit_code) == (expected, 0)


def test_every_task_succeeded(loop_in_pods):
    steps = {step.name for step in flow.STEPS if step.family != "rollback"}
    assert steps <= {task.task for task in loop_in_pods.tasks}
    # The loop found no drift: there was nothing to retrain for.
    ends = {(task.task, task.state) for task in loop_in_pods.tasks if task.task != "trigger_retrain"}
    assert {state for _, state in ends} == {"success"}


def test_no_step_failed_by_itself(loop_in_pods):
    """A second try is for what Airflow lost: workers that died with their scheduler, and the task that resumes so soon
    that the executor's late word of its first half is taken for a failure."""
    again = [task for task in loop_in_pods.tasks if task.tries > 1]
    assert all(task.tries == 2 for task in again)
    assert not [task for task in again if "The step exited with" in task.log or "exited with 0 but" in task.log]


def test_no_task_ever_had_two_pods_at_once(loop_in_pods):
    assert overlaps(loop_in_pods.pods) == []
    assert all(pod.ended_at for pod in loop_in_pods.pods)


def test_the_evicted_training_went_on_from_its_checkpoint_within_its_try(loop_in_pods):
    trainings = [pod for pod in loop_in_pods.pods if pod.labels["trainyard/step"] == "train"]
    second = next(pod for pod in trainings if pod.labels["trainyard/restarts"] == "1")
    first = [pod for pod in trainings if pod.name == second.name and pod.started_at < second.started_at][-1]
    assert first.labels["try_number"] == second.labels["try_number"]
    log = "".join(task.log for task in loop_in_pods.tasks if task.task == "train")
    assert "Starting it again: restart 1 of at most 3" in log
    assert "is complete in its checkpoint" in log or "from its checkpoint" in log


def test_nothing_in_the_store_is_double(loop_in_pods):
    store = loop_in_pods.store
    assert loop_in_pods.versions == [1, 2], "an interrupted training leaves no version of its own"
    assert sorted(path.stem for path in (store / "candidates/flight_delay").glob("v*.json")) == ["v1", "v2"]
    scored = json.loads((store / "predictions_manifests/flight_delay/2013-04.json").read_text())["rows"]
    assert row_counts(store)["predictions/flight_delay"] == scored
    assert not list((store / "checkpoints").rglob("*.ubj")), "a training that is registered keeps no checkpoint"
