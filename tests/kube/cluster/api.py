"""The HTTP API: a request's path and method to what the cluster does, and its answer or refusal as JSON."""

import json
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.kube.cluster.admission import Roles
from tests.kube.cluster.exec_session import exec_in
from tests.kube.cluster.kinds import PODS, Target, target_of
from tests.kube.cluster.logs import send_log
from tests.kube.cluster.objects import Objects
from tests.kube.cluster.pod_worker import PodWorker
from tests.kube.cluster.refusal import NO_SUCH_PATH, Refusal, bad_request, internal
from tests.kube.cluster.store import Store
from tests.kube.cluster.watching import listed, send_changes

VERSION = {
    "major": "1",
    "minor": "33",
    "gitVersion": "v1.33.4+double",
    "gitCommit": "",
    "gitTreeState": "clean",
    "platform": "linux/amd64",
}
# What etcd takes at most of one object.
BODY_BYTES = 1_572_864
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
log = logging.getLogger(__name__)


class Api:
    """worker_of: who runs a pod; raises Refusal when its node cannot be reached."""

    def __init__(
        self, store: Store, objects: Objects, roles: Roles, worker_of: Callable[[dict[str, Any]], PodWorker | None]
    ) -> None:
        self._store = store
        self._objects = objects
        self._roles = roles
        self._worker_of = worker_of

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_BYTES)
        application.router.add_get("/version", _version)
        for path in ("/healthz", "/livez", "/readyz"):
            application.router.add_get(path, _healthy)
        application.router.add_route("*", "/{path:.*}", self._answer)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            target = target_of(request.path)
            if target is None:
                raise NO_SUCH_PATH
            self._roles.check(_verb(request, target), target)
            return await self._handled(request, target)
        except Refusal as refusal:
            return web.json_response(refusal.status, status=refusal.code)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.exception("%s %s", request.method, request.path_qs)
            refusal = internal(f"the double failed on {request.method} {request.path}: {error!r}")
            return web.json_response(refusal.status, status=refusal.code)

    async def _handled(self, request: web.Request, target: Target) -> web.StreamResponse:
        method = request.method
        if target.subresource not in ("", "status"):
            return await self._pod_subresource(request, target)
        if method == "GET" and not target.name:
            if request.query.get("watch", "").lower() in ("true", "1"):
                return await send_changes(request, self._store, target)
            return web.json_response(listed(self._store, target, request.query))
        if method == "GET":
            return web.json_response(self._objects.read(target))
        if method == "POST" and not target.name:
            return web.json_response(self._objects.create(target, await _body(request)), status=201)
        if method == "PUT":
            return web.json_response(self._objects.replace(target, await _body(request)))
        if method == "PATCH":
            return web.json_response(self._objects.patch(target, await _body(request), request.content_type))
        if method == "DELETE":
            return web.json_response(self._deleted(request, target, await _body(request)))
        raise Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def _deleted(self, request: web.Request, target: Target, options: dict[str, Any]) -> dict[str, Any]:
        if "gracePeriodSeconds" in request.query:
            options["gracePeriodSeconds"] = int(request.query["gracePeriodSeconds"])
        if target.name:
            return self._objects.delete(target, options)
        found = listed(self._store, target, request.query)
        for item in found["items"]:
            metadata = item["metadata"]
            self._objects.delete(Target(target.kind, metadata.get("namespace", ""), metadata["name"]), options)
        return found

    async def _pod_subresource(self, request: web.Request, target: Target) -> web.StreamResponse:
        if target.kind is not PODS:
            raise NO_SUCH_PATH
        pod = self._store.get(PODS, target.namespace, target.name)
        match request.method, target.subresource:
            case "GET", "log":
                return await send_log(request, pod, self._worker_of(pod))
            case "GET" | "POST", "exec":
                return await exec_in(request, pod, self._worker_of(pod))
            case "POST", "eviction":
                options = (await _body(request)).get("deleteOptions") or {}
                return web.json_response(self._objects.evict(target, options), status=201)
        raise NO_SUCH_PATH


def _verb(request: web.Request, target: Target) -> str:
    if request.method == "GET":
        watching = request.query.get("watch", "").lower() in ("true", "1")
        return "get" if target.name else "watch" if watching else "list"
    if request.method == "DELETE" and not target.name:
        return "deletecollection"
    return VERBS.get(request.method, "get")


async def _body(request: web.Request) -> Any:
    text = await request.text()
    try:
        return json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from None


async def _version(_: web.Request) -> web.Response:
    return web.json_response(VERSION)


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="ok")
