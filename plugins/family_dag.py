"""What the DAGs of all families have in common: schedule, bounds, retries, documentation."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from airflow.sdk import DAG, BaseOperator, CronDataIntervalTimetable, Param, chain, get_parsing_context
from airflow.sdk.definitions.param import ParamsDict

from pipelines.flow import Family, steps_of
from pipelines.interval import midnight
from pipelines.spec import DatasetSpec, ModelSpec
from plugins import dag_docs
from plugins.alert_arguments import alert_arguments
from plugins.backtest_operator import backtest_params
from plugins.ending_schedule import EndingSchedule
from plugins.retrain_arguments import retrain_arguments
from plugins.rollback_operator import rollback_params
from plugins.run_alerts import failure_callback, overdue_deadline
from plugins.run_interval import interval_params
from plugins.step_operator import step_operator

# Above any step's, which is its place in its run.
URGENT = 100

Spec = TypeVar("Spec", DatasetSpec, ModelSpec)


def to_build(family: Family, specs: Mapping[str, Spec]) -> Iterable[Spec]:
    """All specs when Airflow reads the DAGs; only the running task's when a worker does."""
    running = get_parsing_context().dag_id
    return [spec for spec in specs.values() if running in (None, f"{spec.name}__{family}")]


def data_dag(dataset: DatasetSpec) -> DAG:
    return _family_dag("data", dataset, dataset.name, dataset.schedule, dataset.start, dataset.end)


def model_dag(family: Family, model: ModelSpec, dataset: DatasetSpec, params: Mapping[str, Param] | None = None) -> DAG:
    """A model's schedule ends with its dataset: without rows there is nothing to learn or score."""
    cron = getattr(model.schedule, family)
    first = model.schedule.starts if family == "train" else model.schedule.first_effective_on
    return _family_dag(family, model, dataset.name, cron, first, dataset.end, params)


def rollback_dag(model: ModelSpec) -> DAG:
    """No schedule, and one at a time: of two rollbacks the second must see what the first did."""
    return DAG(
        f"{model.name}__rollback",
        description=f"Put the previous champion of {model.name} back.",
        doc_md=dag_docs.rollback_page(model),
        schedule=None,
        max_active_runs=1,
        # It proves and journals in one go: what fails twice needs a person. A model that serves badly waits behind
        # nobody's steps.
        default_args={
            "owner": model.owner,
            "retries": 1,
            "retry_delay": timedelta(seconds=10),
            "priority_weight": URGENT,
        },
        tags=sorted({"rollback", model.dataset, *model.tags}),
        on_failure_callback=failure_callback(model.alerts, model.owner),
        params=rollback_params(),
    )


def backtest_dag(model: ModelSpec) -> DAG:
    """No schedule; one at a time, because a second one would fit the same models."""
    return DAG(
        f"{model.name}__backtest",
        description=f"Compare policies of retraining {model.name} over its history.",
        doc_md=dag_docs.backtest_page(model),
        schedule=None,
        max_active_runs=1,
        # What was fitted is kept: a retry goes on where the first try ended.
        default_args={"owner": model.owner, "retries": 2, "retry_delay": timedelta(seconds=10)},
        tags=sorted({"backtest", model.dataset, *model.tags}),
        on_failure_callback=failure_callback(model.alerts, model.owner),
        params=backtest_params(),
    )


def steps(family: Family, spec: DatasetSpec | ModelSpec, dataset: str) -> list[BaseOperator]:
    """A family's step tasks, in order, not yet chained."""
    own = {"alert": partial(alert_arguments, spec.name), "decide_retrain": partial(retrain_arguments, spec.name)}
    return [step_operator(step, spec, dataset, own.get(step.name)) for step in steps_of(family)]


def run_in_order(*tasks: BaseOperator) -> None:
    """Chain a DAG's tasks.

    Airflow gave each a copy of the DAG's Params and validates every copy whenever it reads the DAG:
    three quarters of the time that 500 models take. A run's Params come from the DAG's own; a task keeps
    those that are its own.
    """
    for task in tasks:
        task.params = ParamsDict.filter_params_by_source(task.params, source="task")
    chain(*tasks)


def _family_dag(
    family: Family,
    spec: DatasetSpec | ModelSpec,
    dataset: str,
    cron: str,
    first: date,
    after_last: date | None,
    params: Mapping[str, Param] | None = None,
) -> DAG:
    starts = midnight(first)
    ends = None if after_last is None else midnight(after_last)
    schedule = CronDataIntervalTimetable(cron, timezone="UTC") if ends is None else EndingSchedule(cron, ends)
    return DAG(
        f"{spec.name}__{family}",
        description=spec.description,
        doc_md=dag_docs.page(family, spec, cron, starts, ends),
        schedule=schedule,
        start_date=starts,
        catchup=False,
        max_active_runs=1,
        default_args={
            "owner": spec.owner,
            # After 10, 20 and 40 s, and up to as much again by Airflow's jitter: a server that is away for a minute
            # fails no run.
            "retries": 3,
            "retry_delay": timedelta(seconds=10),
            "retry_exponential_backoff": 2.0,
            "max_retry_delay": timedelta(minutes=2),
            # Where slots are short, runs that have begun are ended before others begin.
            "weight_rule": "upstream",
        },
        tags=sorted({family, dataset, *spec.tags}),
        on_failure_callback=failure_callback(spec.alerts, spec.owner),
        deadline=overdue_deadline(spec, cron, _for_a_person(family, spec)),
        params={**interval_params(), **(params or {})},
    )


def _for_a_person(family: Family, spec: DatasetSpec | ModelSpec) -> timedelta:
    """How long a run may wait for an answer."""
    policy = spec.approval if family == "train" and isinstance(spec, ModelSpec) else None
    return policy.timeout if policy is not None and policy.required else timedelta(0)
