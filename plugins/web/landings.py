"""From a DAG or a run in Airflow's pages to what it is about: the tabs that this plugin adds there lead here."""

from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dagrun import DagRun
from fastapi import APIRouter, HTTPException, Request
from fastapi import Path as InPath
from fastapi.responses import RedirectResponse
from sqlalchemy import select

from pipelines.errors import CallerError
from pipelines.interval import parse_time
from plugins.web.declared import declared
from plugins.web.rights import require

Dag = Annotated[str, InPath(pattern=r"^[a-z][a-z0-9_]*__[a-z]+$", max_length=80)]


def landings_router() -> APIRouter:
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/dags/{dag_id}", about_dag)
    router.add_api_route("/dags/{dag_id}/runs/{run_id}", about_run)
    return router


def about_dag(request: Request, dag_id: Dag, user: GetUserDep) -> RedirectResponse:
    require(user, "GET", dag_id, "see this DAG")
    return _to(request, _page_of(dag_id))


def about_run(request: Request, dag_id: Dag, run_id: str, user: GetUserDep, session: SessionDep) -> RedirectResponse:
    """The evaluation that the run made; the model or the dataset where it made none yet."""
    require(user, "GET", dag_id, "see this DAG")
    page, (model, _, family) = _page_of(dag_id), dag_id.rpartition("__")
    run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
    version = _judged_by(run, model) if run is not None and family == "train" else None
    return _to(request, page if version is None else f"{page}/versions/{version}/evaluation")


def _page_of(dag_id: str) -> str:
    name, _, family = dag_id.rpartition("__")
    inventory = declared().inventory()
    if name in (inventory.datasets if family == "data" else inventory.models):
        return f"datasets/{name}" if family == "data" else f"models/{name}"
    raise HTTPException(404, f"{dag_id} is the DAG of no declared model or dataset.")


def _judged_by(run: Any, model: str) -> int | None:
    asked = (run.conf or {}).get("end")
    try:
        as_of = parse_time(asked or run.data_interval_end.isoformat())
    except (AttributeError, CallerError):
        return None
    judged = [one.version for one in declared().inventory().verdicts(model) if one.as_of == as_of]
    return judged[-1] if judged else None


def _to(request: Request, page: str) -> RedirectResponse:
    return RedirectResponse(f"{request.scope['root_path'].rstrip('/')}/{page}", 302)
