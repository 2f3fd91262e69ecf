"""The HTTP session with Airflow's REST API: login, retries over restarts, pages, refusals as our errors."""

import time
from collections.abc import Iterator
from typing import Any

import httpx

from pipelines.errors import CallerError, Unavailable

PAGE = 100


class Session:
    """Sends requests as one user. Connection errors and 5xx are retried for patience_s, then Unavailable."""

    def __init__(self, url: str, user: str, password: str, patience_s: float = 180.0) -> None:
        self.url = url.rstrip("/")
        self.user, self.password, self.patience_s = user, password, patience_s
        # A proxy of the environment is not for servers on this machine.
        loopback = httpx.URL(self.url).host in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(timeout=60, trust_env=not loopback)
        self._token: str | None = None

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The JSON object at path, below /api/v2."""
        return self.checked("GET", path, params=params)

    def pages(self, path: str, key: str, **params: Any) -> Iterator[dict[str, Any]]:
        """Every item of a collection, page by page."""
        offset = 0
        while True:
            found = self.get(path, limit=PAGE, offset=offset, **params)
            yield from found[key]
            offset += PAGE
            if offset >= found["total_entries"]:
                return

    def checked(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Send and unwrap."""
        return self.unwrap(self.request(method, path, **arguments), f"{method} {path}")

    def unwrap(self, answer: httpx.Response, what: str) -> dict[str, Any]:
        """The JSON object of a good answer; raises CallerError with Airflow's own reason for another."""
        if answer.is_success:
            found: dict[str, Any] = answer.json()
            return found
        raise CallerError(f"Airflow refused {what} ({answer.status_code}): {_detail(answer)}")

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Send until Airflow answers with anything but a server error.

        Raises Unavailable after patience_s.
        """
        deadline = time.monotonic() + self.patience_s
        while True:
            try:
                answer = self._send(method, path, **arguments)
                if answer.status_code < 500:
                    return answer
                problem = f"{answer.status_code} {_detail(answer)}"
            except (httpx.TransportError, httpx.HTTPStatusError) as error:
                problem = str(error) or type(error).__name__
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"Airflow at {self.url} did not answer {method} {path} for {self.patience_s:.0f} s: {problem}. "
                    "Is it running? make status"
                )
            time.sleep(min(1.0, self.patience_s / 10))

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **arguments: Any) -> httpx.Response:
        if self._token is None:
            self._token = self._login()
        bearer = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        answer = self._http.request(method, f"{self.url}/api/v2{path}", headers=bearer, **arguments)
        if answer.status_code == 401:
            self._token = self._login()
            bearer["Authorization"] = f"Bearer {self._token}"
            answer = self._http.request(method, f"{self.url}/api/v2{path}", headers=bearer, **arguments)
        return answer

    def _login(self) -> str:
        answer = self._http.post(f"{self.url}/auth/token", json={"username": self.user, "password": self.password})
        if answer.status_code in (401, 403):
            raise CallerError(f"Airflow at {self.url} does not accept the password of {self.user!r}.")
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def _detail(answer: httpx.Response) -> str:
    try:
        found = answer.json().get("detail", answer.text)
    except (ValueError, AttributeError):
        found = answer.text
    return str(found)[:500]
