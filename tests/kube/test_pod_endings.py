"""The step operator in pods: what each ending of a pod leads to."""

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from tests.kube.programs import LEAVES, MODEL, RESULT, WAITS, once

pytestmark = pytest.mark.slow


def test_the_callers_error_is_not_tried_again(steps):
    with pytest.raises(AirflowFailException, match=r"^error: no features of 2013-01$"):
        steps("print('error: no features of 2013-01', file=sys.stderr); sys.exit(2)").run()


def test_nothing_to_do_skips(steps):
    with pytest.raises(AirflowSkipException, match=r"^no champion yet$"):
        steps("print('no champion yet'); sys.exit(99)").run()


def test_any_other_failure_is_tried_again_in_a_new_pod(steps, cluster):
    task = steps(once(LEAVES, "print('MLflow is away'); sys.exit(1)"))
    with pytest.raises(AirflowException, match=r"exited with 1 \(Error\): MLflow is away") as failed:
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
