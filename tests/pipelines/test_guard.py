"""The password before servers that know none."""

import asyncio
import base64

import pytest

from pipelines.errors import CallerError
from pipelines.guard import Guard, guarded

PASSWORD = "correct-horse-battery"


async def application(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"inside"})


def ask(path: str = "/", authorization: bytes | None = None, kind: str = "http") -> list[dict]:
    """What the guard sends back."""
    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    headers = [] if authorization is None else [(b"authorization", authorization)]
    scope = {"type": kind, "path": path, "headers": headers}
    asyncio.run(Guard(application, "trainyard", PASSWORD)(scope, None, send))
    return sent


def basic(words: str) -> bytes:
    return b"Basic " + base64.b64encode(words.encode())


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        b"",
        b"Basic",
        b"Basic !!!",
        basic("trainyard:"),
        basic(f"trainyard:{PASSWORD} "),
        basic(f"other:{PASSWORD}"),
        b"Bearer " + base64.b64encode(f"trainyard:{PASSWORD}".encode()),
    ],
)
@pytest.mark.parametrize("path", ["/", "/get-online-features", "/healthy", "/health/../api"])
def test_who_gives_no_right_password_is_asked_for_one(path, authorization):
    start, body = ask(path, authorization)
    assert start["status"] == 401 and body["body"] != b"inside"
    assert (b"www-authenticate", b'Basic realm="trainyard"') in start["headers"]


def test_the_right_password_lets_in():
    assert ask("/", basic(f"trainyard:{PASSWORD}"))[-1]["body"] == b"inside"


def test_health_says_nothing_but_that_it_serves():
    assert [part.get("status") or part["body"] for part in ask("/health")] == [200, b"ok\n"]


def test_a_websocket_without_a_password_is_closed():
    assert ask(kind="websocket") == [{"type": "websocket.close", "code": 1008}]


def test_others_are_let_near_with_a_password_only(monkeypatch):
    monkeypatch.delenv("TRAINYARD_GUARD_PASSWORD", raising=False)
    assert guarded(application, "127.0.0.1") is application
    with pytest.raises(CallerError, match="Set TRAINYARD_GUARD_PASSWORD"):
        guarded(application, "0.0.0.0")
    monkeypatch.setenv("TRAINYARD_GUARD_PASSWORD", "short")
    with pytest.raises(CallerError, match=r"got 5"):
        guarded(application, "127.0.0.1")
    monkeypatch.setenv("TRAINYARD_GUARD_PASSWORD", PASSWORD)
    assert isinstance(guarded(application, "0.0.0.0"), Guard)
