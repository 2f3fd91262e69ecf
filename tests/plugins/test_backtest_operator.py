"""What a filled-in form becomes on the command line."""

from pathlib import Path

import pytest
from airflow.sdk.exceptions import ParamValidationError

from pipelines.__main__ import parser
from plugins.backtest_operator import backtest_arguments, backtest_params

EMPTY = dict.fromkeys(backtest_params())


def command(**filled):
    return backtest_arguments("flight_delay", {"params": EMPTY | filled})


def test_an_empty_form_asks_for_all_policies_and_the_whole_history():
    assert command() == ["flight_delay"]


def test_what_was_filled_in_is_glued_to_its_option():
    assert command(policies="never,spec", start="2013-04-01", price=0.01) == [
        "flight_delay",
        "--policies=never,spec",
        "--start=2013-04-01",
        "--price=0.01",
    ]


def test_a_number_of_nought_is_a_number():
    assert command(margin=0.0) == ["flight_delay", "--margin=0.0"]


@pytest.mark.parametrize(
    "option", ["--floor=nan", "--margin=inf", "--json=/nowhere/backtest.json", f"--picture={Path(__file__).parent}"]
)
def test_what_would_spoil_the_end_is_told_before_the_work(option, capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["backtest", "flight_delay", option])
    assert "must be " in capsys.readouterr().err


@pytest.mark.parametrize("filled", [{}, dict.fromkeys(EMPTY, "1"), {"floor": -0.5}])
def test_the_command_takes_every_field_of_the_form(filled):
    options = parser().parse_args(["backtest", *command(**filled)])
    assert options.model == "flight_delay"
    assert all(getattr(options, name) is not None for name in filled)


def test_a_negative_margin_is_refused(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["backtest", *command(margin=-0.1)])
    assert "must be 0 or more (got -0.1)" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "value"), [("margin", -0.1), ("price", "much"), ("start", "soon"), ("policies", 3)])
def test_the_form_refuses(name, value):
    with pytest.raises(ParamValidationError):
        backtest_params()[name].resolve(value)
