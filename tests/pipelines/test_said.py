"""What goes on record says something: the same check in every command that asks who and why."""

import pytest

from pipelines.__main__ import parser

SPAN = ("--start", "2013-05-01", "--end", "2013-06-01")
COMMANDS = {
    "rollback": ("rollback", "flight_delay"),
    "void": ("void", "flight_delay", *SPAN),
    "restore": ("restore", "flights", "--partition", "2013-05", "--to-version", "4"),
}


@pytest.mark.parametrize("blank", ["", "  \t"])
@pytest.mark.parametrize("named", ["reason", "by"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_blank_reason_or_name_is_refused(command, named, blank, capsys):
    told = {"reason": "a unit bug", "by": "ada"} | {named: blank}
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*COMMANDS[command], *(f"--{key}={value}" for key, value in told.items())])
    assert ended.value.code == 2
    assert f"argument --{named}: must not be blank" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_what_was_said_is_kept_without_the_space_around_it(command):
    options = parser().parse_args([*COMMANDS[command], "--reason= a unit bug ", "--by=ada "])
    assert (options.reason, options.by) == ("a unit bug", "ada")


def test_an_answer_of_nobody_is_refused(capsys):
    with pytest.raises(SystemExit):
        parser().parse_args(["approve", "flight_delay", "3", "--approve", "--by", " "])
    assert "argument --by: must not be blank" in capsys.readouterr().err
