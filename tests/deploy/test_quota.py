"""Each shipped resource class fits what its namespace allows, and names a pool and a priority that exist."""

import json
import tomllib

import pytest
from kubernetes.utils.quantity import parse_quantity

from pipelines.flow import STEPS as FLOW
from pipelines.resource_classes import SHIPPED, ResourceClass
from plugins.pod_manifest import priority_class, sidecar_resources
from tests.deploy.manifests import DEPLOY, OVERLAYS, STEPS, named, of_kind

GPU = "nvidia.com/gpu"
CLASSES = {name: ResourceClass.model_validate(table) for name, table in tomllib.loads(SHIPPED.read_text()).items()}
POOLS = json.loads((DEPLOY / "airflow" / "pools.json").read_text())
AIRFLOWS_OWN_POOL = "default_pool"


def hard(overlay: str) -> dict[str, str]:
    limits: dict[str, str] = named(overlay, "ResourceQuota", "trainyard", STEPS)["spec"]["hard"]
    return limits


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_class_fits_the_quota(overlay, name):
    """Its pod is the step's container and the sidecar that holds the result."""
    quota, own, beside = hard(overlay), CLASSES[name], sidecar_resources()
    memory = parse_quantity(own.memory) + parse_quantity(beside.limits["memory"])
    assert memory <= parse_quantity(quota["requests.memory"])
    assert memory <= parse_quantity(quota["limits.memory"])
    cpu = parse_quantity(own.cpu) + parse_quantity(beside.requests["cpu"])
    assert cpu <= parse_quantity(quota["requests.cpu"])
    assert own.gpus <= parse_quantity(quota[f"requests.{GPU}"])


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_class_fits_the_range_of_one_container(overlay, name):
    (limits,) = named(overlay, "LimitRange", "trainyard", STEPS)["spec"]["limits"]
    most, own = limits["max"], CLASSES[name]
    assert parse_quantity(own.memory) <= parse_quantity(most["memory"])
    assert own.gpus <= parse_quantity(most[GPU])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_limit_on_cpu_is_asked_of_pods_that_have_none(overlay):
    """The quota would refuse every step, the range would slow it down."""
    assert "limits.cpu" not in hard(overlay)
    (limits,) = named(overlay, "LimitRange", "trainyard", STEPS)["spec"]["limits"]
    assert "cpu" not in limits["default"]
    assert "cpu" not in limits["max"]


@pytest.mark.parametrize("name", CLASSES)
def test_the_pool_of_a_class_exists_and_counts_tasks_that_wait_for_their_pod(name):
    own = CLASSES[name]
    if own.pool == AIRFLOWS_OWN_POOL:
        return
    pool = POOLS[own.pool]
    assert own.pool_slots <= pool["slots"], f"{name} would never be scheduled"
    assert pool["include_deferred"] is True, "a step is deferred while its pod runs"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_airflow_asks_for_no_more_gpus_than_the_quota_has(overlay):
    for pool, settings in POOLS.items():
        per_slot = max(own.gpus / own.pool_slots for own in CLASSES.values() if own.pool == pool)
        assert settings["slots"] * per_slot <= int(hard(overlay)[f"requests.{GPU}"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_priority_that_a_step_is_given_exists(overlay):
    given = {priority_class(step, run_type) for step in FLOW for run_type in ("scheduled", "manual", "backfill")}
    given |= {own.priority_class for own in CLASSES.values() if own.priority_class}
    assert given <= {one["metadata"]["name"] for one in of_kind(overlay, "PriorityClass")}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_serving_goes_before_training_and_training_before_backfills(overlay):
    values = {
        one["metadata"]["name"].removeprefix("trainyard-"): one["value"] for one in of_kind(overlay, "PriorityClass")
    }
    assert sorted(values, key=values.get, reverse=True) == ["platform", "serving", "training", "backfill"]
    # Beneath -10 the cluster autoscaler makes no node for a pod.
    assert min(values.values()) > -10
    assert named(overlay, "PriorityClass", "trainyard-backfill")["preemptionPolicy"] == "Never"
