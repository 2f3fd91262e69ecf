import pytest

from plugins.pod_failures import Kind, ending_of
from tests.plugins.pods import NOON, condition, ended, pod, running, waiting


def test_exit_0_is_done_whatever_became_of_the_pod_then():
    assert ending_of(pod(phase="Running", state=ended(0, "Completed"), deleted_at=NOON)).kind is Kind.DONE


@pytest.mark.parametrize(
    "code, kind",
    [(2, Kind.CALLER_ERROR), (99, Kind.NOTHING_TO_DO), (1, Kind.FAILED), (137, Kind.FAILED), (75, Kind.INTERRUPTED)],
)
def test_an_exit_code_means_what_it_means_to_a_local_step(code, kind):
    found = ending_of(pod(state=ended(code, message="reading\nerror: no features of 2013-05\n\n")))
    assert found.kind is kind
    assert "error: no features of 2013-05" in found.message


def test_a_step_that_said_nothing_is_reported_as_silent():
    assert "exited with 1 (Error): it said nothing" in ending_of(pod(state=ended(1))).message


@pytest.mark.parametrize("code", [137, 1])
def test_out_of_memory_is_told_by_its_reason_not_by_its_code(code):
    found = ending_of(pod(state=ended(code, "OOMKilled", "round 50 of at most 300")))
    assert found.kind is Kind.OUT_OF_MEMORY
    assert "limit 2Gi" in found.message and "round 50" in found.message


@pytest.mark.parametrize(
    "reason",
    ["PreemptionByScheduler", "EvictionByEvictionAPI", "DeletionByTaintManager", "TerminationByKubelet"],
)
@pytest.mark.parametrize("code", [143, 137, 1])
def test_a_disrupted_pod_was_interrupted_whatever_its_exit_code(reason, code):
    target = condition("DisruptionTarget", "True", reason)
    assert ending_of(pod(state=ended(code), conditions=[target])).kind is Kind.INTERRUPTED


def test_a_disruption_that_was_called_off_is_no_interruption():
    target = condition("DisruptionTarget", "False", "PreemptionByScheduler")
    assert ending_of(pod(state=ended(1), conditions=[target])).kind is Kind.FAILED


def test_a_deleted_pod_was_interrupted():
    assert ending_of(pod(state=ended(137), deleted_at=NOON)).kind is Kind.INTERRUPTED
    assert ending_of(pod(state=ended(143))).kind is Kind.INTERRUPTED
    assert ending_of(None).kind is Kind.INTERRUPTED


def test_a_pod_evicted_from_a_node_without_memory_was_interrupted():
    message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi."
    found = ending_of(pod(reason="Evicted", message=message))
    assert found.kind is Kind.INTERRUPTED
    assert message in found.message


def test_a_pod_evicted_for_its_own_use_of_the_disk_is_no_interruption():
    message = 'Usage of EmptyDir volume "tmp" exceeds the limit "2Gi".'
    found = ending_of(pod(reason="Evicted", message=message, state=ended(137)))
    assert found.kind is Kind.SCRATCH
    assert "Raise scratch" in str(found)


def test_a_containers_own_disk_limit_is_no_interruption():
    message = 'Container base exceeded its local ephemeral storage limit "2Gi". '
    assert ending_of(pod(reason="Evicted", message=message, state=ended(137))).kind is Kind.SCRATCH


@pytest.mark.parametrize("reason", ["UnexpectedAdmissionError", "OutOfcpu", "OutOfnvidia.com/gpu"])
def test_a_node_that_turns_a_pod_away_interrupts(reason):
    found = ending_of(pod(reason=reason, message="Allocate failed due to no healthy devices present"))
    assert found.kind is Kind.INTERRUPTED and reason in found.message


def test_a_container_that_cannot_be_started_names_entrypoint_and_driver():
    found = ending_of(pod(phase="Pending", state=waiting("RunContainerError", "nvidia-container-cli: driver error")))
    assert found.kind is Kind.NOT_STARTED
    assert "driver error" in found.message and "ConfigMap" not in found.remedy and "driver" in found.remedy


def test_a_lost_node_interrupts():
    assert ending_of(pod(phase="Running", reason="NodeLost", state=running())).kind is Kind.INTERRUPTED
    found = ending_of(pod(phase="Unknown", state=running()))
    assert found.kind is Kind.INTERRUPTED and "node-7" in found.message


def test_a_deadline_says_how_long_it_was():
    message = "Pod was active on the node longer than the specified deadline"
    found = ending_of(pod(reason="DeadlineExceeded", message=message, state=ended(143)))
    assert found.kind is Kind.DEADLINE
    assert "120 min" in found.message and "deadline_min" in found.remedy


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_pulled_is_named(reason):
    found = ending_of(pod(phase="Pending", state=waiting(reason, "not found")))
    assert found.kind is Kind.IMAGE
    assert "registry.example/steps:1a2b3c4" in found.message and "TRAINYARD_STEPS_IMAGE" in found.remedy


def test_an_unschedulable_pod_says_which_resource_or_taint():
    message = "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint {gpu: }."
    found = ending_of(pod(phase="Pending", conditions=[condition("PodScheduled", "False", "Unschedulable", message)]))
    assert found.kind is Kind.UNSCHEDULABLE
    assert "Insufficient nvidia.com/gpu" in found.message and "resource_classes.toml" in found.remedy


def test_a_missing_config_map_is_a_pod_that_could_not_start():
    found = ending_of(pod(phase="Pending", state=waiting("CreateContainerConfigError", 'configmap "x" not found')))
    assert found.kind is Kind.NOT_STARTED
    assert 'configmap "x" not found' in found.message and "deploy/" in found.remedy


def test_a_pod_that_never_started_shows_its_newest_warning():
    found = ending_of(pod(phase="Pending"), ("pulling", "FailedMount: volume not attached"))
    assert found.kind is Kind.NOT_STARTED and "FailedMount" in found.message
