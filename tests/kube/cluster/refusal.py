"""What the API answers when it refuses: Status objects, worded as the real API server words them.

Source: k8s.io/apimachinery/pkg/api/errors.
"""

from collections.abc import Iterable
from typing import Any

from tests.kube.cluster.kinds import Kind


class Refusal(Exception):
    """An answer other than success."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.status = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }


def _of(kind: Kind, name: str) -> dict[str, str]:
    return {"name": name, "kind": kind.resource} | ({"group": kind.group} if kind.group else {})


def not_found(kind: Kind, name: str) -> Refusal:
    return Refusal(404, "NotFound", f'{kind.qualified} "{name}" not found', **_of(kind, name))


def already_exists(kind: Kind, name: str, terminating: bool) -> Refusal:
    message = f'{kind.qualified} "{name}" already exists'
    if terminating:
        message = f"object is being deleted: {message}"
    return Refusal(409, "AlreadyExists", message, **_of(kind, name))


def conflict(kind: Kind, name: str, why: str) -> Refusal:
    message = f'Operation cannot be fulfilled on {kind.qualified} "{name}": {why}'
    return Refusal(409, "Conflict", message, **_of(kind, name))


def forbidden(kind: Kind, name: str, why: str) -> Refusal:
    of = f'{kind.qualified} "{name}"' if name else kind.qualified
    return Refusal(403, "Forbidden", f"{of} is forbidden: {why}", **_of(kind, name))


def invalid(kind: Kind, name: str, faults: Iterable[tuple[str, str]]) -> Refusal:
    """faults: (field, what is wrong with it), at least one."""
    said = [f"{field}: {wrong}" for field, wrong in faults]
    shown = said[0] if len(said) == 1 else f"[{', '.join(said)}]"
    return Refusal(422, "Invalid", f'{kind.kind} "{name}" is invalid: {shown}', **_of(kind, name))


def bad_request(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def expired(message: str) -> Refusal:
    return Refusal(410, "Expired", message)


def internal(message: str) -> Refusal:
    return Refusal(500, "InternalError", f"Internal error occurred: {message}", causes=[{"message": message}])


NO_SUCH_PATH = Refusal(404, "NotFound", "the server could not find the requested resource")
