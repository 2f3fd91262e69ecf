"""The step operator in pods: its result, its log, and how it finds its pod again."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from tests.kube.answers import has_ended
from tests.kube.manifests import IMAGE
from tests.kube.programs import LEAVES, RESULT, WAITS, once

pytestmark = pytest.mark.slow


def test_a_result_comes_back_and_the_pod_goes(steps, cluster):
    task = steps(LEAVES)
    assert task.run() == RESULT
    assert task.tries == 1
    (outlet,) = task.outlets.values()
    assert outlet.extra == {"outcome": RESULT["outcome"], "references": RESULT["references"]}
    cluster.wait(task.pod_name, lambda pod: pod is None)


def test_a_worker_that_dies_leaves_a_pod_to_which_the_next_try_goes_back(steps, cluster):
    task = steps("time.sleep(2)\n" + LEAVES)
    task.start()
    assert task.run() == RESULT
    assert task.tries == 2 and len(cluster.lives()) == 1


def test_the_next_try_finds_the_result_of_a_pod_that_ended_meanwhile(steps, cluster):
    task = steps(LEAVES)
    task.start()
    cluster.wait(task.pod_name, has_ended)
    assert task.run() == RESULT
    assert len(cluster.lives()) == 1


def test_two_workers_at_once_share_one_pod(steps, cluster):
    task = steps("time.sleep(3)\n" + LEAVES)
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(task.run())
        except AirflowException as beaten:
            found.append(str(beaten))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # The slower one may come to a pod whose result the other has fetched, and whose sidecar has ended by that.
    assert RESULT in found and len(found) == 2
    assert all(one == RESULT or "left no result" in one for one in found), found
    assert len(cluster.lives()) == 1 and cluster.overlaps() == []


def test_a_cleared_task_waits_until_its_old_pod_has_left(steps, cluster):
    leaves_slowly = "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), os._exit(75)))\n" + WAITS
    task = steps(once(LEAVES, leaves_slowly))
    task.start()
    name = task.pod_name
    cluster.wait(name, lambda pod: pod.status.phase == "Running" and "working" in cluster.log(name))
    cluster.delete(name)
    assert task.run() == RESULT
    assert len(cluster.lives()) == 2 and cluster.overlaps() == []


def test_a_cleared_task_runs_again_whatever_an_earlier_run_left(steps, cluster):
    task = steps(once(LEAVES, LEAVES.replace("190 rounds", "of the first run")))
    task.start()
    cluster.wait(task.pod_name, has_ended)
    task.cleared += 1
    assert task.run() == RESULT
    assert len(cluster.lives()) == 2 and cluster.overlaps() == []


def test_a_new_release_does_not_take_the_pod_of_the_one_before(steps, cluster, monkeypatch):
    task = steps(once(LEAVES, LEAVES.replace("190 rounds", "of the old release")))
    task.start()
    cluster.wait(task.pod_name, has_ended)
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", f"{IMAGE}-next")
    assert task.run() == RESULT


def test_events_that_cannot_be_read_leave_no_pod_behind(steps, cluster):
    cluster.forbid("list", "events")
    task = steps("print('MLflow is away'); sys.exit(1)")
    with pytest.raises(AirflowException, match="MLflow is away"):
        task.run()
    cluster.wait(task.pod_name, lambda pod: pod is None)


def test_a_pod_gone_after_success_is_found_by_the_store(steps, cluster, beside):
    keeps = f"""
folder = os.path.join(os.environ['TRAINYARD_STORE'], 'results')
os.makedirs(folder)
open(os.path.join(folder, os.environ['TRAINYARD_POD'] + '.json'), 'w').write({json.dumps(json.dumps(RESULT))})
"""
    beside(cluster.vanish)
    task = steps(keeps + WAITS)
    assert task.run() == RESULT
    assert task.tries == 1 and len(cluster.lives()) == 1


def test_an_api_that_goes_away_and_comes_back_costs_nothing(steps, cluster, beside):
    beside(lambda name: cluster.restart_api(down_s=3))
    task = steps("print('working', flush=True); time.sleep(4)\n" + LEAVES)
    assert task.run() == RESULT
    assert task.tries == 1 and len(cluster.lives()) == 1


def test_an_api_that_stays_away_costs_no_try_and_the_pod_is_found_again(steps, cluster, monkeypatch, task_log):
    monkeypatch.setattr("plugins.single_pod.SinglePod.read", _unretried("read"))
    task = steps("time.sleep(2)\n" + LEAVES)
    task.start()
    back = threading.Timer(2, lambda: away.__exit__(None, None, None))
    away = cluster.api_down()
    away.__enter__()
    back.start()
    assert task.run() == RESULT
    assert task.rescheduled > 0 and len(cluster.lives()) == 1
    assert any("The Kubernetes API does not answer" in line for line in task_log.lines)


def test_an_api_that_never_comes_back_fails_the_try(steps, cluster, monkeypatch):
    monkeypatch.setattr("plugins.single_pod.SinglePod.read", _unretried("read"))
    task = steps(LEAVES)
    task.first_rescheduled = datetime.now(UTC) - timedelta(days=1)
    with cluster.api_down(), pytest.raises(AirflowException, match="The Kubernetes API does not answer"):
        task.run()


@pytest.mark.parametrize(
    "program, said",
    [
        (
            "open(result, 'w').write('[' + '1,' * 5_000_000 + '1]')",
            r"wrote a result of 10,000,003 bytes",
        ),
        ("open(result, 'w').write('done')", "left no result.*Expecting value"),
        ("open(result, 'w').write('{}')", "is not a StepResult"),
        ("", "exited with 0 but left no result, neither as XCom nor in the store: its file is empty$"),
    ],
    ids=["10 MB", "not JSON", "not a result", "nothing"],
)
def test_what_is_no_result_is_refused_by_name(steps, program, said):
    with pytest.raises(AirflowFailException, match=said):
        steps(program).run()


def test_a_binary_log_breaks_nothing(steps):
    noise = "sys.stdout.buffer.write(bytes(range(256)) * 40 + b'\\n'); sys.stdout.flush()\n"
    assert steps(noise + LEAVES).run() == RESULT


def test_logs_arrive_while_the_step_runs(steps, task_log):
    task = steps(
        "print('round 50 of 300', flush=True); time.sleep(4); print('round 300', flush=True)\n" + LEAVES,
        logging_interval=1,
    )
    assert task.run() == RESULT
    for said in ("round 50 of 300", "round 300"):
        assert any(said in line for line in task_log.lines)


def test_nothing_of_the_steps_environment_is_in_the_log(steps, cluster, task_log, tmp_path):
    cluster.create_secret("trainyard-steps", {"AWS_SECRET_ACCESS_KEY": "hush-hush"})
    with pytest.raises(AirflowException, match="exited with 1"):
        steps("assert os.environ['AWS_SECRET_ACCESS_KEY'] == 'hush-hush'; sys.exit(1)").run()
    assert not any("hush-hush" in line for line in task_log.lines)


def _unretried(name: str) -> Callable[..., Any]:
    """The method without the provider's five attempts, which take a quarter of a minute."""
    from plugins.single_pod import SinglePod

    return getattr(SinglePod, name).__wrapped__  # type: ignore[no-any-return]
