"""Which data interval a run works on: what its trigger form says, else its schedule."""

from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException

from pipelines.errors import CallerError
from pipelines.interval import Interval, parse_time

ISO_TIME = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?)?$"


def interval_params() -> dict[str, Param]:
    """The two fields of every trigger form; a scheduled or backfilled run leaves them empty."""
    return {
        "start": _time_param("Start", "First instant of the data interval"),
        "end": _time_param("End", "First instant after the data interval"),
    }


def _time_param(title: str, meaning: str) -> Param:
    return Param(
        None,
        title=title,
        description=(
            f"{meaning}, UTC: 2013-04-01 or 2013-04-01T00:00:00Z. "
            "Leave start and end both empty to take the run's own data interval."
        ),
        type=["null", "string"],
        pattern=ISO_TIME,
    )


def interval_of(context: Any) -> Interval:
    """The interval of the run that a task context belongs to.

    Raises AirflowFailException when the form is half filled or wrong, and when a manual run
    has neither a filled form nor a logical date to take the interval from.
    """
    start, end = (context["params"].get(name) for name in ("start", "end"))
    if bool(start) != bool(end):
        raise AirflowFailException(f"Params start ({start}) and end ({end}): give both or neither.")
    run = context["dag_run"]
    if not start and run.data_interval_start is None:
        raise AirflowFailException(
            f"Run {run.run_id} has no data interval: trigger it with Params start and end, "
            'such as {"start": "2013-04-01", "end": "2013-05-01"}.'
        )
    try:
        if start:
            return Interval.parse(start, end)
        # Airflow's times are pendulum's; the rest of Trainyard knows the standard library's only.
        return Interval(*(parse_time(at.isoformat()) for at in (run.data_interval_start, run.data_interval_end)))
    except CallerError as error:
        raise AirflowFailException(str(error)) from error
