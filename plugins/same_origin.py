"""Our own addresses under Airflow's API server answer its own pages, and programs; no page of another site.

A browser sends Airflow's cookie along with what any page asks of it. Airflow's own routes look at no Origin, so ours
do: Fetch Metadata (www.w3.org/TR/fetch-metadata) where the browser sends it, and the Origin header. A program sends
neither.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf

Scope = MutableMapping[str, Any]
REFUSAL = b"refused: asked by a page of another origin\n"


class SameOrigin:
    """ASGI middleware: 403 to what another site's page asks, before anything else looks at it."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Callable[[Scope], Awaitable[None]]) -> None:
        if scope["type"] == "http" and is_foreign(_headers(scope)):
            headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(REFUSAL))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": REFUSAL})
            return
        await self.app(scope, receive, send)


def is_foreign(headers: Mapping[str, str]) -> bool:
    """headers: by lower-case name. A page of the same host and another port is foreign: MLflow shows what users log."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc not in _own(headers)


def _own(headers: Mapping[str, str]) -> set[str]:
    """Where the API server says that it is, and where the request found it."""
    return {urlsplit(conf.get("api", "base_url", fallback="")).netloc, headers.get("host", "")} - {""}


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
