"""The FastAPI application below `/trainyard` on Airflow's API server: pages, their JSON, and what they write.

Every route asks for a user of Airflow, and what is about a model or a dataset for the right to see or run its DAGs.
"""

from pathlib import Path
from typing import Annotated

from airflow.api_fastapi.core_api.security import requires_authenticated
from fastapi import Depends, FastAPI, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse

from pipelines.errors import CallerError, TrainyardError
from plugins.same_origin import SameOrigin
from plugins.web.landings import landings_router
from plugins.web.metrics import metrics_router
from plugins.web.reads import document, reads_router
from plugins.web.writes import writes_router

STATIC = Path(__file__).parent / "static"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'self'; object-src 'none'"
)
PAGES = (
    "/",
    "/datasets",
    "/datasets/{dataset}",
    "/models/{model}",
    "/models/{model}/versions/{version}/evaluation",
    "/models/{model}/versions/{version}/lineage",
)
Asset = Annotated[str, InPath(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9.]+$", max_length=100)]


def web_app() -> FastAPI:
    # The routes of a plugin are open to everyone unless they ask for a user themselves.
    app = FastAPI(
        title="Trainyard",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(requires_authenticated())],
    )
    # A page elsewhere must not press a button with the cookie of whoever reads it.
    app.add_middleware(SameOrigin)
    app.add_exception_handler(TrainyardError, _refused)
    app.include_router(metrics_router())
    app.include_router(landings_router())
    app.include_router(reads_router(), prefix="/api")
    app.include_router(writes_router(), prefix="/api")
    app.add_api_route("/openapi.json", lambda: app.openapi(), include_in_schema=False)
    app.add_api_route("/documents/{path:path}", document, response_class=HTMLResponse, include_in_schema=False)
    app.add_api_route("/assets/{name}", _asset, include_in_schema=False)
    for page in PAGES:
        app.add_api_route(page, _page, response_class=HTMLResponse, include_in_schema=False)
    return app


def _page(request: Request) -> HTMLResponse:
    """The same for every page: its script looks at the address."""
    base = f'<head><base href="{request.scope["root_path"].rstrip("/")}/">'
    html = (STATIC / "index.html").read_text(encoding="utf-8").replace("<head>", base, 1)
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Cache-Control": "private, no-cache"})


def _asset(name: Asset) -> FileResponse:
    """Named by its content, and so never another one."""
    file = STATIC / "assets" / name
    if not file.is_file():
        return JSONResponse({"detail": f"No asset {name}"}, 404)  # type: ignore[return-value]
    return FileResponse(file, headers={"Cache-Control": "private, max-age=31536000, immutable"})


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """What the store or a caller has wrong, in its own sentence."""
    missing = 404 if request.method == "GET" else 409
    return JSONResponse({"detail": str(error)}, missing if isinstance(error, CallerError) else 503)
