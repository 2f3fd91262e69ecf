"""What the pages write that Airflow has no API of its own for, and what a backfill would take.

A training, a backfill, a rollback and an answer go through Airflow's REST API, with the user's own rights there.
"""

from datetime import UTC, datetime

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException

from pipelines.drift.policy import Freeze as Frozen
from pipelines.errors import CallerError, NothingToDo
from pipelines.interval import midnight
from pipelines.retrain import freeze as freezes
from plugins.web.bodies import Done, Estimate, Freeze, ModelSpan, Span, Unfreeze
from plugins.web.declared import declared
from plugins.web.estimates import estimate
from plugins.web.reads import OF_DATASET, OF_MODEL, Model, dataset_page, known
from plugins.web.rights import presses

MAY_FREEZE = [Depends(presses("freeze"))]


def writes_router() -> APIRouter:
    router = APIRouter(tags=["write"])
    router.add_api_route(
        "/models/{model}/freeze", freeze, methods=["POST"], response_model=Done, dependencies=MAY_FREEZE
    )
    router.add_api_route(
        "/models/{model}/unfreeze", unfreeze, methods=["POST"], response_model=Done, dependencies=MAY_FREEZE
    )
    router.add_api_route(
        "/models/{model}/estimate", of_model, methods=["POST"], response_model=Estimate, dependencies=OF_MODEL
    )
    router.add_api_route(
        "/datasets/{dataset}/estimate", of_dataset, methods=["POST"], response_model=Estimate, dependencies=OF_DATASET
    )
    return router


def freeze(model: Model, asked: Freeze, user: GetUserDep) -> dict[str, str]:
    """Until that day no decision of the monitor retrains the model; the journal says who said so and why."""
    store, until, now = known(model).index.store, midnight(asked.until), datetime.now(UTC)
    if until <= now:
        raise HTTPException(422, f"until must be a day to come (got {asked.until}; today is {now:%F}, UTC).")
    try:
        new = freezes.freeze(store, model, Frozen(until=until, by=user.get_name(), reason=asked.reason), now)
    except CallerError as error:
        command = f"python -m pipelines freeze {model} --until {asked.until} --reason … --by …"
        raise HTTPException(409, f"{error}. The command line may have one: {command}") from error
    return {"sentence": f"{model} is {'now' if new else 'already'} frozen until {asked.until}."}


def unfreeze(model: Model, asked: Unfreeze, user: GetUserDep) -> dict[str, str]:
    try:
        ended = freezes.lift(known(model).index.store, model, asked.reason, user.get_name(), datetime.now(UTC))
    except NothingToDo as error:
        raise HTTPException(409, f"{error}.") from error
    except CallerError as error:
        command = f"python -m pipelines unfreeze {model} --reason … --by …"
        raise HTTPException(409, f"{error}. The command line may have one: {command}") from error
    return {"sentence": f"{model} is free again; it was frozen until {ended.until:%F} by {ended.by}."}


def of_model(model: Model, asked: ModelSpan, session: SessionDep) -> Estimate:
    """A dry run: what a backfill of the span would run, and what such runs took before."""
    inventory = known(model)
    cron = getattr(inventory.models[model].schedule, asked.family)
    costs = inventory.costs(model) if asked.family == "train" else None
    return estimate(session, f"{model}__{asked.family}", cron, asked.start, asked.end, costs)


def of_dataset(dataset: Model, asked: Span, session: SessionDep) -> Estimate:
    dataset_page(dataset)
    cron = declared().inventory().datasets[dataset].schedule
    return estimate(session, f"{dataset}__data", cron, asked.start, asked.end)
