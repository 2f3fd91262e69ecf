import pytest

from plugins.alert_arguments import alert_arguments, alert_params
from tests.plugins.contexts import context

SPAN = ["--model", "flight_delay", "--start", "2013-04-01T00:00:00+00:00", "--end", "2013-05-01T00:00:00+00:00"]
PAGE = ["--run-url", "http://airflow/dags/d/runs/r/tasks/alert"]


def arguments(run_type: str, in_backfill: bool = False) -> list[str]:
    told = context(run_type=run_type, alert_in_backfill=in_backfill)
    told["ti"].log_url = PAGE[1]
    return alert_arguments("flight_delay", told)


@pytest.mark.parametrize("run_type", ["scheduled", "manual"])
def test_a_run_of_its_time_tells_people(run_type):
    assert arguments(run_type) == [*SPAN, *PAGE]


def test_a_backfill_is_quiet_unless_asked():
    assert arguments("backfill") == [*SPAN, *PAGE, "--quiet"]
    assert arguments("backfill", in_backfill=True) == [*SPAN, *PAGE]


def test_alerting_in_a_backfill_is_off_until_asked_for():
    assert alert_params()["alert_in_backfill"].resolve() is False


def test_the_command_takes_these_arguments():
    from pipelines.__main__ import parser

    options = parser().parse_args(["alert", *arguments("backfill")])
    assert (options.model, options.quiet, options.run_url) == ("flight_delay", True, PAGE[1])
