"""`/trainyard/metrics` on Airflow's API server: the state of every model, for whoever may log in.

Reading the store takes libraries that the API server must not hold, so a child process does it, once a scrape.
Who scrapes needs a token of Airflow's (`POST /auth/token`), which expires. A scraper that cannot renew one reads
the file of `python -m pipelines metrics --textfile`, or its port.
"""

import asyncio
import os
from typing import Any

from plugins.command_line import PROGRAM, REPOSITORY, step_environment
from plugins.same_origin import SameOrigin

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_S = 30


def metrics_app() -> Any:
    """A FastAPI application. Airflow runs this file in every component; only the API server can pay its imports."""
    from airflow.api_fastapi.core_api.security import requires_authenticated
    from fastapi import Depends, FastAPI
    from fastapi.responses import PlainTextResponse

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # A scrape starts a process: a page elsewhere must not start one with the cookie of whoever reads it.
    app.add_middleware(SameOrigin)

    # The routes of a plugin are open to everyone unless they ask for a user themselves.
    @app.get("/metrics", dependencies=[Depends(requires_authenticated())])
    async def metrics() -> PlainTextResponse:
        code, told = await exposition()
        return PlainTextResponse(told, status_code=200 if code == 0 else 503, media_type=EXPOSITION)

    return app


async def exposition() -> tuple[int, str]:
    """The command's exit code, and what it printed: the metrics, or what is wrong."""
    child = await asyncio.create_subprocess_exec(
        *PROGRAM,
        "metrics",
        cwd=REPOSITORY,
        env=step_environment(os.environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, wrong = await asyncio.wait_for(child.communicate(), LONGEST_S)
    except TimeoutError:
        return 1, f"python -m pipelines metrics took more than {LONGEST_S} s\n"
    finally:
        if child.returncode is None:  # too slow, or the scraper hung up
            child.kill()
            await child.wait()
    code = child.returncode or 0
    return code, printed.decode() if code == 0 else wrong.decode(errors="replace")
