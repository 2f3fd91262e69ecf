"""The part of a task's context that our operators read."""

from collections import defaultdict
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

APRIL = (datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 5, 1, tzinfo=UTC))


def context(
    interval: tuple[datetime, datetime] | None = APRIL,
    run_type: str = "scheduled",
    xcom: Any = None,
    **params: Any,
) -> dict[str, Any]:
    start, end = interval or (None, None)
    return {
        "params": {"start": None, "end": None, **params},
        "dag_run": SimpleNamespace(
            run_id=f"{run_type}__1",
            run_type=run_type,
            data_interval_start=start,
            data_interval_end=end,
            clear_number=0,
        ),
        "ti": SimpleNamespace(
            xcom_pull=lambda task_ids: xcom, xcom_push=lambda **kwargs: None, get_first_reschedule_date=lambda _: None
        ),
        "outlet_events": defaultdict(SimpleNamespace),
    }
