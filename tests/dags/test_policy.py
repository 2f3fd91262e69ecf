"""What every DAG must have, wherever its steps run; a failure names the DAG and the remedy."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from airflow.sdk import CronDataIntervalTimetable
from airflow.task.priority_strategy import validate_and_load_priority_weight_strategy

from pipelines import flow, spec
from pipelines.flow import FAMILIES
from pipelines.resource_classes import resource_class
from plugins.ending_schedule import EndingSchedule
from tests.dags.conftest import read_dags
from tests.plugins.airflow_home import HOME, REPOSITORY

HEAVY = ["pandas", "numpy", "scipy", "sklearn", "xgboost", "mlflow", "feast", "great_expectations", "evidently"]
HEAVY += ["pyarrow", "duckdb", "ibis", "deltalake", "matplotlib"]
COMPUTES = ["local", "kubernetes", "kubernetes,validate=local"]


@pytest.fixture(scope="module", params=COMPUTES)
def dags(request):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TRAINYARD_COMPUTE", request.param)
        bag = read_dags()
    assert not bag.import_errors, "\n".join(bag.import_errors.values())
    # It belongs to no spec: tests/dags/test_maintenance.py.
    return {dag_id: dag for dag_id, dag in bag.dags.items() if dag_id != "maintenance"}


def assert_none(offenders, remedy: str) -> None:
    assert not list(offenders := list(offenders)), f"{', '.join(offenders)}: {remedy}"


def test_every_spec_has_its_dags_and_nothing_else_has_one(dags):
    expected = {f"{name}__data" for name in spec.load_datasets()} | {
        f"{name}__{family}" for name in spec.load_models() for family in FAMILIES if family != "data"
    }
    assert set(dags) == expected


def test_every_dag_has_the_owner_of_its_spec(dags):
    owners = {s.name: s.owner for s in [*spec.load_datasets().values(), *spec.load_models().values()]}
    assert_none(
        (
            f"{dag.dag_id}.{task.task_id}"
            for dag in dags.values()
            for task in dag.tasks
            if task.owner != owners[dag.dag_id.rsplit("__", 1)[0]]
        ),
        "build the DAG with plugins.family_dag, which takes the owner from the spec",
    )


def test_every_dag_is_tagged_with_family_and_dataset(dags):
    datasets = {m.name: m.dataset for m in spec.load_models().values()}

    def wanted(dag_id: str) -> set[str]:
        subject, family = dag_id.rsplit("__", 1)
        return {family, datasets.get(subject, subject)}

    assert_none(
        (dag_id for dag_id, dag in dags.items() if not wanted(dag_id) <= set(dag.tags)),
        "tag it with its family and its dataset, so that the DAG list can be filtered by either",
    )


def test_every_task_retries_after_a_pause(dags):
    assert_none(
        (
            f"{dag.dag_id}.{task.task_id}"
            for dag in dags.values()
            for task in dag.tasks
            if task.retries < 1 or task.retry_delay.total_seconds() < 5
        ),
        "give it retries and a retry_delay: a lost worker or server must not cost a person's time",
    )


def test_a_server_that_is_away_for_a_minute_fails_no_scheduled_run(dags):
    def patience_s(task) -> float:
        waits = [
            task.retry_delay.total_seconds() * task.retry_exponential_backoff**count for count in range(task.retries)
        ]
        return sum(min(wait, task.max_retry_delay.total_seconds()) for wait in waits)

    scheduled = [dag for dag in dags.values() if dag.dag_id.rsplit("__", 1)[1] not in ("rollback", "backtest")]
    steps = [task for dag in scheduled for task in dag.tasks if task.task_id in flow.BY_NAME]
    assert steps and min(map(patience_s, steps)) > 60


def test_every_step_has_the_time_limit_of_the_flow_or_its_class_and_every_wait_ends(dags):
    def limited(task) -> bool:
        if hasattr(task, "compute"):
            return task.execution_timeout.total_seconds() == pod_limit_min(task) * 60
        if task.task_id in flow.BY_NAME:
            limit = task.execution_timeout
            return limit is not None and limit.total_seconds() == flow.BY_NAME[task.task_id].timeout_min * 60
        return getattr(task, "timeout", 0) <= 24 * 3600

    assert_none(
        (f"{dag.dag_id}.{task.task_id}" for dag in dags.values() for task in dag.tasks if not limited(task)),
        "set execution_timeout from Step.timeout_min or the class, or the sensor's timeout: nothing waits for ever",
    )


def pod_limit_min(task) -> int:
    """Room for every pod that a try may have."""
    own = resource_class(task.compute.class_of(task.task_id))
    return (own.preemptions + 1) * (own.startup_min + own.deadline_min)


def test_every_wait_frees_its_worker_slot(dags):
    waits = ((dag, task) for dag in dags.values() for task in dag.tasks if hasattr(task, "poke_interval"))
    assert_none(
        (f"{dag.dag_id}.{task.task_id}" for dag, task in waits if getattr(task, "mode", "reschedule") != "reschedule"),
        'use mode="reschedule": a waiting sensor must not hold a slot that its own input needs',
    )


def test_every_dag_explains_itself(dags):
    def explained(dag) -> bool:
        page = dag.doc_md or ""
        family = dag.dag_id.rsplit("__", 1)[1]
        named = all(f"`{step.name}`" in page for step in flow.steps_of(family))
        how = "/api/v2/backfills" if dag.schedule else f"/api/v2/dags/{dag.dag_id}/dagRuns"
        return named and dag.description and how in page and "**Schedule**" in page

    assert_none(
        (dag_id for dag_id, dag in dags.items() if not explained(dag)),
        "its page must hold its steps, schedule and how to backfill or trigger it: see plugins/dag_docs.py",
    )


def test_every_param_is_typed_and_explained(dags):
    assert_none(
        (
            f"{dag.dag_id}.{name}"
            for dag in dags.values()
            for name in dag.params
            for param in [dag.params.get_param(name)]
            if not (param.description and param.schema.get("type") and param.schema.get("title"))
        ),
        "give the Param a type, a title and a description: they are the trigger form",
    )


@pytest.mark.parametrize(
    "family, names",
    [
        ("data", {"start", "end"}),
        ("train", {"start", "end", "reason"}),
        ("predict", {"start", "end"}),
        ("monitor", {"start", "end", "trigger_in_backfill", "alert_in_backfill"}),
        ("rollback", {"reason", "to", "effective_from"}),
        ("backtest", {"policies", "start", "end", "margin", "floor", "price"}),
    ],
)
def test_a_familys_form_has_these_fields(dags, family, names):
    forms = {dag_id: set(dag.params) for dag_id, dag in dags.items() if dag_id.endswith(f"__{family}")}
    assert forms and all(form == names for form in forms.values()), forms


def test_every_dag_runs_one_at_a_time(dags):
    assert_none((dag_id for dag_id, dag in dags.items() if dag.max_active_runs != 1), "max_active_runs=1")


def test_nothing_but_a_person_starts_a_rollback_or_a_backtest(dags):
    unscheduled = {dag_id for dag_id, dag in dags.items() if dag.schedule is None}
    assert unscheduled == {f"{name}__{family}" for name in spec.load_models() for family in ("rollback", "backtest")}


def test_every_other_dag_can_be_backfilled_in_order(dags):
    assert_none(
        (
            dag_id
            for dag_id, dag in dags.items()
            if not dag_id.endswith(("__rollback", "__backtest"))
            and (not isinstance(dag.timetable, CronDataIntervalTimetable | EndingSchedule) or dag.catchup)
        ),
        "use CronDataIntervalTimetable or EndingSchedule (a cron string has empty intervals), catchup=False",
    )


def test_every_step_is_a_task_of_exactly_the_dags_of_its_family(dags):
    for step in flow.STEPS:
        holders = {dag_id for dag_id, dag in dags.items() if step.name in dag.task_ids}
        assert holders == {dag_id for dag_id in dags if dag_id.endswith(f"__{step.family}")}, step.name


def test_tasks_run_in_the_order_of_the_flow(dags):
    for dag_id, dag in dags.items():
        names = [step.name for step in flow.steps_of(dag_id.rsplit("__", 1)[1])]
        tasks = [task.task_id for task in dag.topological_sort()]
        assert [task for task in tasks if task in names] == names, dag_id
        assert [len(task.upstream_list) for task in dag.topological_sort()] == [0] + [1] * (len(tasks) - 1), dag_id


def test_assets_draw_the_loop(dags):
    """From the raw snapshot, following who reads what, every artifact down to the decision is reached."""
    reads = {
        asset.name: {read.name for read in task.inlets}
        for dag in dags.values()
        for task in dag.tasks
        for asset in task.outlets
    }
    reached, frontier = set(), {"flight_delay/retrain_decision"}
    while frontier:
        reached |= frontier
        frontier = {name for made in frontier for name in reads[made]} - reached
    expected = {
        f"{'flights' if step.subject == 'dataset' else 'flight_delay'}/{step.writes.replace(' ', '_')}"
        for step in flow.STEPS
    }
    # Serving reads the first, people the others.
    for_people = {f"flight_delay/{artifact}" for artifact in ("champion_put_back", "alert", "policy_comparison")}
    assert reached == expected - {"flights/online_features", *for_people}


def test_assets_hold_no_credentials(dags):
    uris = {asset.uri for dag in dags.values() for task in dag.tasks for asset in [*task.inlets, *task.outlets]}
    assert_none((uri for uri in uris if not uri.startswith("trainyard://") or "@" in uri), "name it, do not address it")


@pytest.mark.parametrize("compute", ["local", "kubernetes"])
def test_reading_the_dags_imports_no_machine_learning_library(compute):
    program = (
        "import sys\n"
        "from airflow.dag_processing.dagbag import DagBag\n"
        "bag = DagBag(dag_folder='dags')\n"
        f"print('heavy:', *sorted(set({HEAVY}) & set(sys.modules)))\n"
        "print('errors:', *bag.import_errors)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env={
            "AIRFLOW_HOME": str(HOME),
            "PYTHONPATH": str(REPOSITORY),
            "PATH": "/usr/bin:/bin",
            "TRAINYARD_COMPUTE": compute,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    printed = dict(line.split(":", 1) for line in ran.stdout.splitlines() if line.startswith(("heavy:", "errors:")))
    assert not printed["heavy"].strip(), f"import{printed['heavy']} inside the step that needs it, not at the top"
    assert not printed["errors"].strip()


def test_airflow_loads_the_plugins_folder_without_an_error():
    from airflow import plugins_manager

    plugins, errors = plugins_manager._get_plugins()
    assert errors == {}
    assert [plugin.name for plugin in plugins if "airflow_plugin.py" in str(plugin.source)] == ["trainyard"]
    assert [plugin.name for plugin in plugins].count("trainyard") == 1


def test_slots_go_to_rollbacks_then_to_runs_that_have_begun_and_last_to_what_waits(dags):
    def weight(task) -> int:
        return validate_and_load_priority_weight_strategy(task.weight_rule).get_weight(SimpleNamespace(task=task))

    weights = {task.node_id: weight(task) for dag in dags.values() for task in dag.tasks if "await_" in task.task_id}
    assert set(weights.values()) == {0}
    for dag in dags.values():
        steps = [task for task in dag.tasks if "await_" not in task.task_id]
        family = dag.dag_id.rsplit("__", 1)[1]
        assert min(map(weight, steps)) >= (100 if family == "rollback" else 1)
        assert family == "rollback" or max(map(weight, steps)) < 100
        for task in steps:
            assert all(weight(later) > weight(task) for later in task.downstream_list), f"{dag.dag_id}.{task.task_id}"
