"""Local servers that keep what they are sent: a web server that refuses on demand, and a mail server."""

import base64
import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "s3cr3t-t0ken-that-nobody-may-see"


def answer(_: str) -> None:
    """What is done between a message that was taken and the answer to it: nothing."""


class Hooks(ThreadingHTTPServer):
    """received: path and JSON of every request that was taken. refuses: paths that answer 503. before_answer: is
    told the path of what was taken."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.refuses: set[str] = set()
        self.before_answer: Callable[[str], None] = answer

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def at(self, path: str) -> list[dict[str, Any]]:
        return [content for where, content in self.received if where == path]


class _Hook(BaseHTTPRequestHandler):
    server: Hooks

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = self.path in self.server.refuses
        if not refused:
            self.server.received.append((self.path, content))
            self.server.before_answer(self.path)
        self.send_response(503 if refused else 200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Said nowhere: a test looks for secrets in what is said."""


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server (RFC 5321, AUTH PLAIN). received: the mails. logins: user and password of every session.
    before_answer: is told the recipient of what was taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.received: list[email.message.EmailMessage] = []
        self.logins: list[tuple[str, str]] = []
        self.before_answer: Callable[[str], None] = answer

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 mailbox")
        for line in iter(self.rfile.readline, b""):
            command = line.decode().strip()
            match command.split(" ")[0].upper():
                case "EHLO":
                    self._say("250-mailbox", "250 AUTH PLAIN")
                case "AUTH":
                    _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
                    self.server.logins.append((user, password))
                    self._say("235 welcome")
                case "DATA":
                    self._say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                    assert isinstance(mail, email.message.EmailMessage)
                    self.server.received.append(mail)
                    self.server.before_answer(mail["To"])
                    self._say("250 kept")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def running(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
