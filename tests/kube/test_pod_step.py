"""The step operator in pods: what each ending of a pod leads to."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from pipelines.spec import find_model
from tests.kube.manifests import IMAGE
from tests.kube.task import Task

pytestmark = pytest.mark.slow

MODEL = find_model("flight_delay")
# Small and quick: what they are is told by the tests that need it.
CLASSES = """
[cpu-small]
cpu = "100m"
memory = "96Mi"
scratch = "64Mi"
grace_s = 5
preemptions = 2
larger = "cpu-large"

[cpu-large]
cpu = "200m"
memory = "512Mi"
grace_s = 5
"""
RESULT = {
    "step": "train",
    "subject": "flight_delay",
    "start": "2013-01-01T00:00:00+00:00",
    "end": "2013-02-01T00:00:00+00:00",
    "outcome": "version 3: 190 rounds",
    "references": {"candidate": "candidates/flight_delay/v3.json"},
    "figures": {"version": 3},
    "summary": "",
    "cost": {"cpu_s": 1.5, "wall_s": 2.0, "peak_memory_mb": 90.0, "gpu_s": None},
}
HEAD = """
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(143))
result = sys.argv[sys.argv.index('--result') + 1]
"""
LEAVES = f"open(result, 'w').write({json.dumps(json.dumps(RESULT))})\n"
WAITS = "print('working', flush=True)\ntime.sleep(60)\n"


@pytest.fixture
def steps(cluster, tmp_path, monkeypatch) -> Any:
    """Makes the train task of flight_delay whose pod runs a given program with the step's arguments."""
    (tmp_path / "classes.toml").write_text(CLASSES)
    store = tmp_path / "store"
    store.mkdir()
    cluster.create_config_map("trainyard-steps", {"TRAINYARD_STORE": str(store)})
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(cluster.kubeconfig)}}
    for name, value in {
        "TRAINYARD_COMPUTE": "kubernetes",
        "TRAINYARD_STEPS_IMAGE": IMAGE,
        "TRAINYARD_NAMESPACE": cluster.namespace,
        "TRAINYARD_STORE": str(store),
        "TRAINYARD_RESOURCE_CLASSES": str(tmp_path / "classes.toml"),
        "AIRFLOW_CONN_KUBERNETES_DEFAULT": json.dumps(connection),
    }.items():
        monkeypatch.setenv(name, value)

    def made(program: str, spec: Any = MODEL, run_id: str = "manual__1", **changes: Any) -> Task:
        def changed(operator: Any) -> None:
            prepare, operator.cmds = operator._prepare, ["python", "-c", HEAD + program]

            def prepared(*of_pod: Any, **named: Any) -> None:
                prepare(*of_pod, **named)
                vars(operator).update(changes)

            operator._prepare = prepared

        return Task("train", spec, run_id=run_id, changed=changed)

    return made


@pytest.fixture
def beside(cluster) -> Any:
    """Runs a function of the running pod's name beside the task, once for each pod up to a count."""
    threads: list[threading.Thread] = []

    def watched(act: Callable[[str], None], times: int = 1, said: str = "working") -> None:
        def watch() -> None:
            seen: set[str] = set()
            give_up = time.monotonic() + 60
            while len(seen) < times and time.monotonic() < give_up:
                for pod in cluster.pods():
                    running = pod.status.phase == "Running" and pod.metadata.deletion_timestamp is None
                    if running and pod.metadata.uid not in seen and said in cluster.log(pod.metadata.name):
                        seen.add(pod.metadata.uid)
                        act(pod.metadata.name)
                time.sleep(0.05)

        threads.append(threading.Thread(target=watch, daemon=True))
        threads[-1].start()

    yield watched
    for thread in threads:
        thread.join(60)


def once(then: str, first: str = WAITS) -> str:
    """A program whose first pod does one thing and whose later ones another."""
    return f"""
mark = os.path.join(os.environ['TRAINYARD_STORE'], 'started')
again = os.path.exists(mark)
open(mark, 'a').write('x')
if not again:
{_indented(first)}
else:
{_indented(then)}
"""


def _indented(program: str) -> str:
    return "\n".join(f"    {line}" for line in program.strip().splitlines())


def test_a_result_comes_back_and_the_pod_goes(steps, cluster):
    task = steps(LEAVES)
    assert task.run() == RESULT
    assert task.tries == 1
    (outlet,) = task.outlets.values()
    assert outlet.extra == {"outcome": RESULT["outcome"], "references": RESULT["references"]}
    cluster.wait(cluster_pod_name(task), lambda pod: pod is None)


def cluster_pod_name(task: Task) -> str:
    operator = task.operator()
    operator._prepare(task.context(), "cpu-small", restarts=0)
    return str(operator.name)


def test_the_callers_error_is_not_tried_again(steps):
    with pytest.raises(AirflowFailException, match=r"^error: no features of 2013-01$"):
        steps("print('error: no features of 2013-01', file=sys.stderr); sys.exit(2)").run()


def test_nothing_to_do_skips(steps):
    with pytest.raises(AirflowSkipException, match=r"^no champion yet$"):
        steps("print('no champion yet'); sys.exit(99)").run()


def test_any_other_failure_is_tried_again_in_a_new_pod(steps, cluster):
    task = steps(once(LEAVES, "print('MLflow is away'); sys.exit(1)"))
    with pytest.raises(AirflowException, match=r"train exited|exited with 1 \(Error\): MLflow is away") as failed:
        task.run()
    assert not isinstance(failed.value, AirflowFailException)
    assert task.run() == RESULT


def test_out_of_memory_is_tried_once_in_the_larger_class(steps, cluster):
    task = steps(once(LEAVES, "hold = bytearray(200 * 2**20); time.sleep(30)"))
    assert task.run() == RESULT
    assert task.tries == 1
    assert [life.labels["trainyard/resource-class"] for life in cluster.lives()] == ["cpu-small", "cpu-large"]


def test_out_of_memory_in_the_larger_class_too_names_the_remedy(steps):
    with pytest.raises(AirflowFailException, match=r"\(limit 512Mi\).*compute\.train \(now cpu-large"):
        steps("hold = bytearray(900 * 2**20); time.sleep(30)").run()


def test_a_spec_may_forbid_the_larger_class(steps, cluster):
    compute = MODEL.compute.model_copy(update={"larger_when_out_of_memory": False})
    with pytest.raises(AirflowFailException, match=r"limit 96Mi"):
        steps("hold = bytearray(200 * 2**20); time.sleep(30)", MODEL.model_copy(update={"compute": compute})).run()
    assert len(cluster.lives()) == 1


@pytest.mark.parametrize("fault", ["preempt", "evict", "evict_under_pressure", "delete", "vanish"])
def test_an_interrupted_pod_is_made_anew_within_the_same_try(steps, cluster, beside, fault):
    beside(getattr(cluster, fault))
    task = steps(once(LEAVES))
    assert task.run() == RESULT
    assert task.tries == 1
    assert [life.labels["trainyard/restarts"] for life in cluster.lives()] == ["0", "1"]
    if fault != "vanish":  # no one waits for the process of an object that was wiped out
        assert cluster.overlaps() == []


def test_a_step_that_saved_and_left_is_gone_on_with_even_if_nobody_asked_it(steps, cluster):
    task = steps(once(LEAVES, "print('saved at round 50'); sys.exit(75)"))
    assert task.run() == RESULT and task.tries == 1


def test_interruptions_have_a_bound_of_their_own(steps, cluster, beside):
    beside(cluster.preempt, times=3)
    with pytest.raises(AirflowException, match=r"for the 3\. time in this try; .* it over 2 times"):
        steps(WAITS).run()
    assert len(cluster.lives()) == 3 and cluster.overlaps() == []


def test_a_worker_that_dies_leaves_a_pod_to_which_the_next_try_goes_back(steps, cluster):
    task = steps("time.sleep(2)\n" + LEAVES)
    task.start()
    assert task.run() == RESULT
    assert task.tries == 2 and len(cluster.lives()) == 1


def test_the_next_try_finds_the_result_of_a_pod_that_ended_meanwhile(steps, cluster):
    task = steps(LEAVES)
    task.start()
    name = cluster_pod_name(task)
    cluster.wait(
        name,
        lambda pod: pod.status.container_statuses and any(s.state.terminated for s in pod.status.container_statuses),
    )
    assert task.run() == RESULT
    assert len(cluster.lives()) == 1


def has_ended(pod: Any) -> bool:
    return any(status.state.terminated for status in pod.status.container_statuses or [])


def test_two_workers_at_once_share_one_pod(steps, cluster):
    task = steps("time.sleep(3)\n" + LEAVES)
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(task.run())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert RESULT in found
    assert len(cluster.lives()) == 1 and cluster.overlaps() == []


def test_a_cleared_task_waits_until_its_old_pod_has_left(steps, cluster):
    leaves_slowly = "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), os._exit(75)))\n" + WAITS
    task = steps(once(LEAVES, leaves_slowly))
    task.start()
    name = cluster_pod_name(task)
    cluster.wait(name, lambda pod: pod.status.phase == "Running" and "working" in cluster.log(name))
    cluster.delete(name)
    assert task.run() == RESULT
    assert len(cluster.lives()) == 2 and cluster.overlaps() == []


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


def test_an_image_that_nobody_has_is_named(steps, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", "trainyard/steps:missing")
    with pytest.raises(AirflowException, match=r"trainyard/steps:missing cannot be pulled.*TRAINYARD_STEPS_IMAGE"):
        steps(LEAVES).run()


def test_an_image_without_a_tag_starts_no_pod(steps, cluster, monkeypatch):
    monkeypatch.setenv("TRAINYARD_STEPS_IMAGE", "trainyard/steps")
    with pytest.raises(AirflowFailException, match="by digest or by a tag other than latest"):
        steps(LEAVES).run()
    assert cluster.pods() == []


def test_an_unschedulable_pod_says_what_no_node_has(steps, cluster, tmp_path, monkeypatch):
    asks = CLASSES.replace('memory = "96Mi"', 'memory = "96Mi"\nnode_selector = { "disk" = "nvme" }')
    (tmp_path / "classes.toml").write_text(asks)
    with pytest.raises(AirflowException, match=r"No node takes the pod: 0/.*node affinity/selector"):
        steps(LEAVES, schedule_timeout_seconds=1, startup_timeout_seconds=1).run()
    assert cluster.pods() == [] or cluster.pods()[0].metadata.deletion_timestamp


def test_a_deadline_ends_what_never_ends(steps, cluster):
    with pytest.raises(AirflowException, match="ended by its class's deadline"):
        steps(WAITS, active_deadline_seconds=1).run()


def test_a_lost_node_gets_no_second_pod_beside_the_first(steps, cluster, beside, monkeypatch):
    monkeypatch.setattr("plugins.single_pod.LEAVES_WITHIN_S", 1)
    task = steps(WAITS)
    beside(lambda name: cluster.lose_node(cluster.pod(name).spec.node_name))
    with pytest.raises(AirflowException, match="its node does not answer, and the step may still run"):
        task.run()
    with pytest.raises(AirflowException, match="no second one is started beside it"):
        task.run()
    assert len(cluster.lives()) == 1


def test_an_api_that_goes_away_and_comes_back_costs_nothing(steps, cluster, beside):
    beside(lambda name: cluster.restart_api(down_s=3))
    task = steps("print('working', flush=True); time.sleep(4)\n" + LEAVES)
    assert task.run() == RESULT
    assert task.tries == 1 and len(cluster.lives()) == 1


def test_an_api_that_stays_away_is_said_to_and_the_pod_is_found_again(steps, cluster, monkeypatch):
    monkeypatch.setattr("plugins.single_pod.SinglePod.read", _unretried("read"))
    task = steps("time.sleep(2)\n" + LEAVES)
    task.start()
    with cluster.api_down(), pytest.raises(AirflowException, match="The Kubernetes API does not answer"):
        task.run()
    assert task.run() == RESULT
    assert len(cluster.lives()) == 1


def _unretried(name: str) -> Callable[..., Any]:
    """The method without the provider's five attempts, which take a quarter of a minute."""
    from plugins.single_pod import SinglePod

    return getattr(SinglePod, name).__wrapped__  # type: ignore[no-any-return]


def test_a_class_larger_than_the_quota_is_refused_for_good(steps, cluster):
    cluster.quota({"limits.memory": "64Mi"})
    with pytest.raises(AirflowFailException, match=r"more than the whole quota .*limits\.memory"):
        steps(LEAVES).run()


@pytest.mark.parametrize(
    "verb, resource, said",
    [("create", "pods", "add the verb 'create' on 'pods'"), ("get", "pods", "add the verb 'get' on 'pods'")],
)
def test_a_missing_right_is_named(steps, cluster, verb, resource, said):
    cluster.forbid(verb, resource)
    with pytest.raises(AirflowFailException, match=said):
        steps(LEAVES).run()


def test_without_the_right_to_read_the_xcom_the_result_comes_from_the_store_or_the_right_is_named(steps, cluster):
    cluster.forbid("create", "pods/exec")
    cluster.forbid("get", "pods/exec")
    with pytest.raises(AirflowException, match=r"left no result.*pods/exec"):
        steps(LEAVES).run()


def test_a_namespace_that_is_not_there_is_named(steps, monkeypatch):
    monkeypatch.setenv("TRAINYARD_NAMESPACE", "trainyrd")
    with pytest.raises(AirflowFailException, match=r'namespaces "trainyrd" not found.*TRAINYARD_NAMESPACE'):
        steps(LEAVES).run()


def test_without_a_kubeconfig_the_connection_is_named(steps, monkeypatch, tmp_path):
    connection = {"conn_type": "kubernetes", "extra": {"kube_config_path": str(tmp_path / "none")}}
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps(connection))
    with pytest.raises(AirflowFailException, match=r"no way to a cluster.*kubernetes_default"):
        steps(LEAVES).run()


@pytest.mark.parametrize(
    "program, said",
    [
        (
            "open(result, 'w').write('[' + '1,' * 5_000_000 + '1]')",
            r"wrote a result of 10,000,003 bytes",
        ),
        ("open(result, 'w').write('done')", "left no result.*Expecting value"),
        ("open(result, 'w').write('{}')", "is not a StepResult"),
        ("", "exited with 0 but left no result"),
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
    assert any("round 50 of 300" in line for line in task_log.lines) and any(
        "round 300" in line for line in task_log.lines
    )


def test_nothing_of_the_steps_environment_is_in_the_log(steps, cluster, task_log, tmp_path):
    cluster.create_secret("trainyard-steps", {"AWS_SECRET_ACCESS_KEY": "hush-hush"})
    with pytest.raises(AirflowException, match="exited with 1"):
        steps("assert os.environ['AWS_SECRET_ACCESS_KEY'] == 'hush-hush'; sys.exit(1)").run()
    assert not any("hush-hush" in line for line in task_log.lines)
