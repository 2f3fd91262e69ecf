"""What the pages read, as JSON with a schema, for scripts too."""

from pathlib import PurePosixPath
from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Depends, HTTPException
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse

from pipelines.inventory.answers import ModelPage, ModelRow
from pipelines.inventory.evaluation import EvaluationPage
from pipelines.inventory.inventory import Inventory
from pipelines.inventory.lineage import Lineage
from pipelines.inventory.partitions import DatasetPage, DatasetRow
from plugins.web.bodies import Rights
from plugins.web.declared import declared
from plugins.web.documents import dag_of, headers_of
from plugins.web.rights import readable, reads_dataset, reads_model, require, rights_of
from plugins.web.schedules import schedules

Model = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Version = Annotated[int, InPath(ge=1, le=10**9)]
OF_MODEL = [Depends(reads_model)]
OF_DATASET = [Depends(reads_dataset)]


def reads_router() -> APIRouter:
    """Below `/api`, but for the documents, which are pages."""
    router = APIRouter(tags=["read"])
    router.add_api_route("/models", models, response_model=list[ModelRow])
    router.add_api_route("/models/{model}", model_page, response_model=ModelPage, dependencies=OF_MODEL)
    router.add_api_route("/models/{model}/rights", rights, response_model=Rights, dependencies=OF_MODEL)
    versions = "/models/{model}/versions/{version}"
    router.add_api_route(f"{versions}/evaluation", evaluation, response_model=EvaluationPage, dependencies=OF_MODEL)
    router.add_api_route(f"{versions}/lineage", lineage, response_model=Lineage, dependencies=OF_MODEL)
    router.add_api_route("/datasets", datasets, response_model=list[DatasetRow])
    router.add_api_route("/datasets/{dataset}", dataset_page, response_model=DatasetPage, dependencies=OF_DATASET)
    return router


def models(user: GetUserDep, session: SessionDep) -> list[ModelRow]:
    """Every model whose training the user may see; what needs a person first."""
    seen, scheduled = readable(user), schedules(session)
    return [
        row.model_copy(update=scheduled.get(name, {}))
        for name, row in declared().inventory().rows().items()
        if f"{name}__train" in seen
    ]


def model_page(model: Model, session: SessionDep) -> ModelPage:
    page = known(model).model(model)
    row = page.row.model_copy(update=schedules(session).get(model, {}))
    return page.model_copy(update={"row": row})


def rights(model: Model, user: GetUserDep) -> dict[str, bool]:
    """What the user may do with the model."""
    known(model)
    return rights_of(user, model)


def evaluation(model: Model, version: Version) -> EvaluationPage:
    return known(model).evaluation(model, version)


def lineage(model: Model, version: Version) -> Lineage:
    return known(model).lineage(model, version)


def datasets(user: GetUserDep) -> list[DatasetRow]:
    """Every dataset whose DAG the user may see."""
    seen = readable(user)
    return [row for row in declared().inventory().dataset_rows() if f"{row.dataset}__data" in seen]


def dataset_page(dataset: Model) -> DatasetPage:
    inventory = declared().inventory()
    if dataset not in inventory.datasets:
        raise HTTPException(404, f"No dataset named {dataset}. Declared: {', '.join(sorted(inventory.datasets))}.")
    return inventory.dataset(dataset)


def document(path: str, user: GetUserDep) -> HTMLResponse:
    """A page of the store: of a validation, an evaluation or a drift report."""
    dag_id = dag_of(path)
    if dag_id is None:
        raise HTTPException(404, f"{PurePosixPath(path).name[:60]} is no page of the store.")
    require(user, "GET", dag_id, "see this page")
    store = declared().inventory().index.store
    if not store.exists(path):
        raise HTTPException(404, f"{path} is not in the store: it was not made yet, or went with its time.")
    return HTMLResponse(store.read_file(path), headers=headers_of(path))


def known(model: str) -> Inventory:
    """The inventory; 404 for a model that is not declared."""
    inventory = declared().inventory()
    if model not in inventory.models:
        raise HTTPException(404, f"No model named {model}. `python -m pipelines specs` lists those that are declared.")
    return inventory
