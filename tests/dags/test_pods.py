"""The steps' tasks where TRAINYARD_COMPUTE names pods: what the class says, what stays local, what a page shows."""

import json

import pytest
from airflow.serialization.serialized_objects import DagSerialization

from pipelines import flow, spec
from pipelines.resource_classes import resource_class
from plugins.pod_step import PodStep
from plugins.step_operator import LocalStep
from tests.dags.conftest import read_dags
from tests.plugins.contexts import context

# One secret for each way by which Airflow's own processes may hold one.
SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-bucket",
    "TRAINYARD_FEAST_REGISTRY": "postgresql+psycopg2://feast:secret-of-the-registry@db/feast",
    "AIRFLOW_CONN_KUBERNETES_DEFAULT": '{"conn_type": "kubernetes", "extra": {"kube_config": "secret-of-the-cluster"}}',
}
ON_GPUS = """
[compute]
train = "gpu-spot"
evaluate = "cpu-large"
"""


def steps_of(bag):
    assert not bag.import_errors, "\n".join(bag.import_errors.values())
    return [task for dag in bag.dags.values() for task in dag.tasks if task.task_id in flow.BY_NAME]


@pytest.fixture
def in_pods(monkeypatch, models_folder):
    """The steps of the datasets that ship, and of a model that names three classes."""
    shipped = (spec.MODELS / "flight_delay.toml").read_text()
    assert "\n[training]\n" in shipped
    (models_folder / "on_gpus.toml").write_text(
        shipped.replace('name = "flight_delay"', 'name = "on_gpus"', 1).replace(
            "\n[training]\n", '\n[training]\ndevice = "cuda"\n', 1
        )
        + ON_GPUS
    )
    monkeypatch.setenv("TRAINYARD_COMPUTE", "kubernetes")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return read_dags()


def test_every_step_is_a_pod_that_frees_its_worker(in_pods):
    steps = steps_of(in_pods)
    assert {step.task_id for step in steps} == set(flow.BY_NAME)
    assert all(isinstance(step, PodStep) and step.deferrable for step in steps)


def test_a_step_has_the_pool_and_slots_of_its_class_and_the_retries_of_the_family(in_pods):
    steps = {step.task_id: step for step in steps_of(in_pods)}
    classes = {name: steps[name].compute.class_of(name) for name in ("train", "evaluate", "assemble")}
    assert classes == {"train": "gpu-spot", "evaluate": "cpu-large", "assemble": "cpu-small"}
    for step in steps.values():
        own = resource_class(step.compute.class_of(step.task_id))
        assert (step.pool, step.pool_slots) == (own.pool, own.pool_slots)
        assert step.retries == {"rollback": 1, "backtest": 2}.get(step.task_id, 3)
    assert steps["train"].pool == "gpu" and steps["evaluate"].pool == "default_pool"


@pytest.mark.parametrize(
    "compute, local",
    [
        ("kubernetes,validate=local", {"validate"}),
        ("local,train=kubernetes,evaluate=kubernetes", set(flow.BY_NAME) - {"train", "evaluate"}),
    ],
)
def test_a_step_may_run_elsewhere_than_the_rest(monkeypatch, compute, local):
    monkeypatch.setenv("TRAINYARD_COMPUTE", compute)
    steps = steps_of(read_dags())
    assert {step.task_id for step in steps if isinstance(step, LocalStep)} == local
    assert {step.task_id for step in steps if isinstance(step, PodStep)} == set(flow.BY_NAME) - local


def test_neither_a_rendered_template_nor_a_serialized_dag_shows_a_secret(in_pods):
    run = context(reason="late flights are missed", to=None, effective_from=None)
    for step in steps_of(in_pods):
        step.render_template_fields(run)
        shown = [f"{name}={getattr(step, name)}" for name in step.template_fields]
        assert any(name.startswith("env_from=") and "trainyard-steps" in name for name in shown)
        assert "secret-of" not in "".join(shown), step.task_id
    for dag in in_pods.dags.values():
        assert "secret-of" not in json.dumps(DagSerialization.to_dict(dag)), dag.dag_id
