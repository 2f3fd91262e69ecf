"""Lists and watches of objects."""

import asyncio
import json
from typing import Any

from aiohttp import web

from tests.kube.cluster.kinds import Kind, Target
from tests.kube.cluster.quotas import QUOTAS, with_status
from tests.kube.cluster.refusal import expired
from tests.kube.cluster.selectors import Predicate, by_fields, by_labels
from tests.kube.cluster.store import Change, Store

WATCH_S = 1800


def selected(query: Any, kind: Kind) -> Predicate:
    labels = by_labels(query.get("labelSelector", ""))
    fields = by_fields(query.get("fieldSelector", ""), kind)
    return lambda item: labels(item) and fields(item)


def listed(store: Store, target: Target, query: Any) -> dict[str, Any]:
    kind, matches = target.kind, selected(query, target.kind)
    items = [item for item in store.all(kind, target.namespace) if matches(item)]
    if kind is QUOTAS:
        items = [with_status(store, quota) for quota in items]
    metadata = {"resourceVersion": str(store.version)}
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}


async def send_changes(request: web.Request, store: Store, target: Target) -> web.StreamResponse:
    """A line of JSON per change, from the version that the client names, or of all that stands and then changes."""
    query = request.query
    matches = selected(query, target.kind)
    since = int(query.get("resourceVersion") or 0)
    if since and store.history and since + 1 < store.history[0].version:
        raise expired(f"too old resource version: {since} ({store.history[0].version})")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with store.listening() as changes:
        if since:
            pending = [_seen(change, target, matches) for change in store.history if change.version > since]
        else:
            pending = [("ADDED", item) for item in store.all(target.kind, target.namespace) if matches(item)]
        for said in filter(None, pending):
            await _send(response, *said)
        try:
            async with asyncio.timeout(float(query.get("timeoutSeconds") or WATCH_S)):
                while True:
                    if said := _seen(await changes.get(), target, matches):
                        await _send(response, *said)
        except TimeoutError:
            await response.write_eof()
    return response


async def _send(response: web.StreamResponse, what: str, item: dict[str, Any]) -> None:
    await response.write(json.dumps({"type": what, "object": item}).encode() + b"\n")


def _seen(change: Change, target: Target, matches: Predicate) -> tuple[str, dict[str, Any]] | None:
    """What a watcher of a selection sees: an object that begins to match is added, one that ceases to is deleted."""
    if change.kind is not target.kind or target.namespace not in ("", change.item["metadata"].get("namespace")):
        return None
    was = change.before is not None and matches(change.before)
    is_now = change.type != "DELETED" and matches(change.item)
    if not was and not is_now:
        return None
    return ("MODIFIED" if was else "ADDED") if is_now else "DELETED", change.item
