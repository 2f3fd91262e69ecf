"""Where Airflow runs a step: a child process of its worker, or a pod."""

import os

from pipelines.errors import CallerError
from pipelines.flow import BY_NAME

PLACES = ("local", "kubernetes")


def place_of(step: str) -> str:
    """As TRAINYARD_COMPUTE says: `kubernetes,validate=local` is all in pods but one. Raises CallerError."""
    default, exceptions = places_of(os.environ.get("TRAINYARD_COMPUTE") or "local")
    return exceptions.get(step, default)


def places_of(compute: str) -> tuple[str, dict[str, str]]:
    """The place of all steps but those that have their own, and theirs.

    Raises CallerError for a place or a step that there is not.
    """
    default, *others = (text.strip() for text in compute.split(","))
    exceptions = dict(_exception(text) for text in others)
    for place in (default, *exceptions.values()):
        if place not in PLACES:
            raise CallerError(f"TRAINYARD_COMPUTE has the place '{place}'; allowed: {', '.join(PLACES)}.")
    return default, exceptions


def _exception(text: str) -> tuple[str, str]:
    step, _, place = text.partition("=")
    if step not in BY_NAME:
        raise CallerError(
            f"TRAINYARD_COMPUTE names the step '{step}'; steps: {', '.join(BY_NAME)}. "
            "Write such as kubernetes,validate=local."
        )
    return step, place
