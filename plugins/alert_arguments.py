"""What the alert step is told by the run that it belongs to: the page to open, and to be quiet in a backfill."""

from typing import Any

from airflow.sdk import Param

from pipelines.flow import BY_NAME
from plugins.step_operator import interval_arguments

STEP = BY_NAME["alert"]


def alert_params() -> dict[str, Param]:
    return {
        "alert_in_backfill": Param(
            False,
            title="Alert in a backfill",
            description=(
                "A backfill of the monitor journals what it would have told and sends nothing, because alerts about "
                "the past are noise. Tick to send all the same."
            ),
            type="boolean",
        )
    }


def alert_arguments(model: str, context: Any) -> list[str]:
    is_backfill = context["dag_run"].run_type == "backfill"
    quiet = ["--quiet"] if is_backfill and not context["params"]["alert_in_backfill"] else []
    return [*interval_arguments(STEP, model, context), "--run-url", context["ti"].log_url, *quiet]
