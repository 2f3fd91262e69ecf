"""The contract with Airflow: what a command prints, writes and exits with."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import flow
from pipelines.__main__ import main, parser
from pipelines.commands import names as command_names
from pipelines.journal import Event, record
from pipelines.layout import features_manifest

FEBRUARY = ("--dataset", "flights", "--start", "2013-02-01", "--end", "2013-03-01")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipelines", *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, timeout=120)


def test_a_step_prints_its_outcome_writes_its_result_and_exits_0(quarter, home):
    file = home / "new" / "folder" / "result.json"
    ran = run("validate", *FEBRUARY, "--result", str(file))
    assert ran.returncode == 0, ran.stderr
    result = json.loads(file.read_text())
    assert ran.stdout == f"validate flights {result['outcome']}\n" and ran.stderr == ""
    assert result["step"] == "validate" and result["figures"]["rows"] == 24_936
    assert result["start"] == "2013-02-01T00:00:00+00:00" and result["end"] == "2013-03-01T00:00:00+00:00"


@pytest.mark.parametrize(("gpus", "held"), [("2", 2), ("0", None), (None, None)])
def test_a_step_tells_the_seconds_of_the_gpus_that_its_pod_holds(store, home, monkeypatch, gpus, held):
    monkeypatch.delenv("TRAINYARD_GPUS", raising=False)
    told = {} if gpus is None else {"TRAINYARD_GPUS": gpus}
    ran = run("ingest", *FEBRUARY, "--result", str(home / "result.json"), **told)
    assert ran.returncode == 0, ran.stderr
    cost = json.loads((home / "result.json").read_text())["cost"]
    assert cost["gpu_s"] == (None if held is None else pytest.approx(cost["wall_s"] * held, abs=0.01))


def test_a_number_of_gpus_that_is_none_is_refused_before_any_work(store, monkeypatch, capsys):
    monkeypatch.setenv("TRAINYARD_GPUS", "one")
    assert main(["ingest", *FEBRUARY]) == 2
    assert capsys.readouterr().err.startswith("error: TRAINYARD_GPUS must be a whole number of 0 or more (got 'one')")


def test_a_callers_error_is_one_line_and_exits_2(store, home):
    ran = run("validate", *FEBRUARY, "--result", str(home / "result.json"))
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: flights: 2013-02 was not pulled.") and ran.stderr.count("\n") == 1
    assert not (home / "result.json").exists()


def test_nothing_to_do_exits_99_with_the_reason(store, capsys):
    store.write_file(features_manifest("flights", "2013-02"), b"{}")
    record(store, Event("materialization", "flights", datetime(2013, 4, 1, tzinfo=UTC), {"part": "2013-03"}))
    assert main(["materialize", *FEBRUARY]) == 99
    told = capsys.readouterr().err
    assert "2013-02 stays offline only: values up to 2013-04-01 are online" in told and "error" not in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["ingest", "--dataset", "trains", "--start", "2013-02-01", "--end", "2013-03-01"],
            "No dataset named 'trains'",
        ),
        (["train", "--model", "fligt", "--start", "2013-02-01", "--end", "2013-03-01"], "No model named 'fligt'"),
        (["ingest", "--dataset", "flights", "--start", "soon", "--end", "2013-03-01"], "'soon' is not a date or time"),
        (["ingest", "--dataset", "flights", "--start", "2013-03-01", "--end", "2013-02-01"], "at or before its start"),
        (["ingest", "--dataset", "flights", "--start", "2013-02-01", "--end", "2013-02-20"], "is not one whole month"),
        (["ingest", "--dataset", "flights", "--start", "2012-02-01", "--end", "2012-03-01"], "outside of the data set"),
        (["status", "fligt"], "No model named 'fligt'"),
    ],
)
def test_what_the_caller_got_wrong_exits_2_and_is_named(store, capsys, arguments, words):
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ") and words in told


def test_a_store_that_cannot_be_written_exits_2(home, monkeypatch, capsys):
    (home / "file").write_text("in the way")
    monkeypatch.setenv("TRAINYARD_STORE", str(home / "file" / "store"))
    assert main(["ingest", *FEBRUARY]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_an_unknown_command_or_option_exits_2(capsys):
    for arguments in (["igest"], ["ingest", "--model", "flight_delay"], []):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


@pytest.mark.parametrize("line", ["check", "check flight_delay --json", "check --json flight_delay", "repair --json"])
def test_a_registry_s_model_may_stand_before_or_after_an_option(line):
    options = parser().parse_args(["registry", *line.split()])
    assert (options.command, options.action) == ("registry", line.split()[0])
    assert options.model == ("flight_delay" if "flight_delay" in line else None) and options.json == ("--json" in line)


@pytest.mark.parametrize("command", sorted({*flow.BY_NAME, *command_names()}))
def test_help_teaches_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "example:" in told and command in told[told.index("example:") :]


def test_the_first_help_names_every_step_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert all(step.name in told and step.summary.split()[0] in told for step in flow.STEPS)
    assert "99 nothing to do" in told


def test_specs_lists_what_is_declared_and_writes_the_docs(tmp_path: Path, capsys):
    assert main(["specs", "--write-docs", str(tmp_path)]) == 0
    assert "flight_delay" in capsys.readouterr().out
    written = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    schemas = {f"schema/{name}.schema.json" for name in ("dataset", "model", "release_record")}
    assert written == schemas | {"features/flights.md"}
