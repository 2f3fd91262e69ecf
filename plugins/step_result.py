"""What a step leaves: checked, wherever it was found, and told to Airflow's assets."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

from pipelines.flow import StepResult
from pipelines.layout import step_result
from plugins.store_sensor import store

RESULT_BYTES = 65_536  # an XCom is a row of Airflow's database: references fit, data must not


def parsed(text: str, step: str) -> dict[str, Any]:
    """The step's result as a dict.

    Raises AirflowFailException when the text is too large or not a result: the step itself is wrong
    then, and a retry would repeat its whole work for the same text.
    """
    size = len(text.encode())
    if size > RESULT_BYTES:
        raise AirflowFailException(
            f"{step} wrote a result of {size:,} bytes; at most {RESULT_BYTES:,}: references, never data."
        )
    try:
        return asdict(StepResult(**json.loads(text)))
    except (ValueError, TypeError) as error:
        raise AirflowFailException(f"{step} wrote a result that is not a StepResult: {error}") from error


def kept_in_store(pod_uid: str, step: str) -> dict[str, Any] | None:
    """What the pod wrote to the store before anything else; None when it did not come so far."""
    file = store() / step_result(pod_uid)
    return parsed(file.read_text(encoding="utf-8"), step) if file.exists() else None


def tell_assets(context: Any, outlets: Iterable[Any], result: dict[str, Any]) -> None:
    for asset in outlets:
        context["outlet_events"][asset].extra = {"outcome": result["outcome"], "references": result["references"]}
