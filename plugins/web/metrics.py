"""`/trainyard/metrics` on Airflow's API server: the state of every model, for whoever may log in.

Reading the store takes libraries that the API server must not hold, so a child process does it, once a scrape.
Who scrapes needs a token of Airflow's (`POST /auth/token`), which expires. A scraper that cannot renew one reads
the file of `python -m pipelines metrics --textfile`, or its port.
"""

import asyncio
import os

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from plugins.command_line import PROGRAM, REPOSITORY, step_environment

EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"
LONGEST_S = 30


def metrics_router() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/metrics", metrics, include_in_schema=False)
    return router


async def metrics() -> PlainTextResponse:
    code, told = await exposition()
    return PlainTextResponse(told, status_code=200 if code == 0 else 503, media_type=EXPOSITION)


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
