from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import ParamValidationError

from pipelines.__main__ import parser
from plugins.rollback_operator import rollback_arguments, rollback_params


def arguments(user: str | None = "ana", **params) -> list[str]:
    run = SimpleNamespace(run_id="manual__1", triggering_user_name=user)
    return rollback_arguments("flight_delay", {"params": {"reason": "late flights", **params}, "dag_run": run})


def test_the_form_becomes_the_command_that_a_person_would_type():
    assert arguments(to=None, effective_from=None) == ["flight_delay", "--reason=late flights", "--by=ana"]
    assert arguments(to=2, effective_from="2013-05-01")[3:] == ["--to=2", "--effective-from=2013-05-01"]


def test_the_command_line_takes_it_and_a_reason_that_begins_with_a_dash():
    options = parser().parse_args(["rollback", *arguments(reason="--by eve", to=2, effective_from="2013-05-01")])
    assert (options.model, options.reason, options.by, options.to) == ("flight_delay", "--by eve", "ana", 2)
    assert options.effective_from == "2013-05-01"


def test_a_run_that_nobody_is_known_to_have_triggered_names_itself():
    assert arguments(user=None)[2] == "--by=Airflow's run manual__1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", ""),
        ("reason", "  "),
        ("reason", None),
        ("to", 0),
        ("to", "2"),
        ("effective_from", "soon"),
    ],
)
def test_the_form_refuses(name, value):
    with pytest.raises(ParamValidationError):
        rollback_params()[name].resolve(value)


def test_a_reason_must_be_given():
    with pytest.raises(ParamValidationError):
        rollback_params()["reason"].resolve()
