"""HTTP basic authentication before a server that knows none, such as Feast's and Evidently's.

Its password comes from TRAINYARD_GUARD_PASSWORD, its user from TRAINYARD_GUARD_USER (trainyard). TLS is for a proxy
in front: see docs/compose.md.
"""

import base64
import binascii
import hmac
import ipaddress
import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pipelines.errors import CallerError

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]
HEALTH = "/health"
LEAST_LENGTH = 16


class Guard:
    """An ASGI application that lets requests with the right user and password through to another.

    /health answers everybody, and says nothing but that the process serves.
    """

    def __init__(self, application: Application, user: str, password: str) -> None:
        self.application = application
        self.expected = f"{user}:{password}".encode()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == HEALTH:
            await _answer(send, 200, b"ok\n")
        elif scope["type"] == "lifespan" or self.knows(scope):
            await self.application(scope, receive, send)
        elif scope["type"] == "http":
            await _answer(send, 401, b"user and password, please\n")
        else:
            await send({"type": "websocket.close", "code": 1008})

    def knows(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        kind, _, credentials = given.partition(b" ")
        if kind.lower() != b"basic":
            return False
        try:
            return hmac.compare_digest(base64.b64decode(credentials, validate=True), self.expected)
        except binascii.Error:
            return False


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b'Basic realm="trainyard"'))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def guarded(application: Application, address: str) -> Application:
    """The application behind a password; as it is on the loopback address, where none was set.

    Raises CallerError when others could reach it without one, or the password is short.
    """
    password = os.environ.get("TRAINYARD_GUARD_PASSWORD", "")
    if not password and _loopback(address):
        return application
    if len(password) < LEAST_LENGTH:
        raise CallerError(
            f"On {address} everybody who reaches this machine could read it. Set TRAINYARD_GUARD_PASSWORD to "
            f"{LEAST_LENGTH} characters or more (got {len(password)}), or serve on 127.0.0.1"
        )
    return Guard(application, os.environ.get("TRAINYARD_GUARD_USER") or "trainyard", password)


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
