import json
import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from pipelines import flow
from pipelines.errors import CallerError
from pipelines.spec import find_dataset, find_model
from plugins import command_line as module
from plugins.command_line import read_result, step_environment
from plugins.step_operator import LocalStep, step_operator
from plugins.step_result import RESULT_BYTES
from tests.plugins.contexts import context

FLIGHT_DELAY = find_model("flight_delay")
RESULT = {
    "step": "train",
    "subject": "flight_delay",
    "start": "2013-04-01T00:00:00+00:00",
    "end": "2013-05-01T00:00:00+00:00",
    "outcome": "Fitted 120 trees.",
    "references": {"candidate": "models:/flight_delay/3"},
    "figures": {"auc": 0.74},
    "summary": "",
    "cost": {"cpu_s": 21.0, "wall_s": 12.0, "peak_memory_mb": 800.0, "gpu_s": None},
}


@pytest.fixture
def task(tmp_path, monkeypatch):
    """The train task of flight_delay, whose command runs a given program with a step's arguments."""

    def made(program: str) -> LocalStep:
        file = tmp_path / "program.py"
        head = "import json, os, signal, sys, time\nresult = sys.argv[sys.argv.index('--result') + 1]\n"
        file.write_text(head + program)
        monkeypatch.setattr(module, "PROGRAM", (sys.executable, str(file)))
        return step_operator(flow.BY_NAME["train"], FLIGHT_DELAY, "flights")

    return made


def writes(result: object) -> str:
    return f"open(result, 'w').write({json.dumps(result)!r})\n"


def test_exit_0_returns_the_result_and_tells_the_asset_what_was_written(task):
    run = context()
    train = task(writes(RESULT))
    assert train.execute(run) == RESULT
    assert run["outlet_events"][train.outlets[0]].extra == {
        "outcome": "Fitted 120 trees.",
        "references": {"candidate": "models:/flight_delay/3"},
    }


def test_the_command_is_the_one_a_person_would_type(task, task_log):
    task(writes(RESULT)).execute(context())
    command = next(message for message in task_log.lines if message.startswith("$ "))
    assert "train --model flight_delay --start 2013-04-01T00:00:00+00:00 --end 2013-05-01T00:00:00+00:00" in command


def test_the_real_command_line_answers():
    """Whatever the program makes of it, a dataset that is not declared is the caller's error."""
    absent = find_dataset("flights").model_copy(update={"name": "no_such_dataset"})
    task = step_operator(flow.BY_NAME["ingest"], absent, absent.name)
    with pytest.raises(AirflowFailException, match="no_such_dataset"):
        task.execute(context())


def test_output_of_both_streams_becomes_log_lines(task, task_log):
    task("print('reading'); print('careful', file=sys.stderr)\n" + writes(RESULT)).execute(context())
    assert [message for message in task_log.lines if message in ("reading", "careful")] == ["reading", "careful"]


def test_exit_2_fails_without_a_retry_with_the_last_line(task):
    with pytest.raises(AirflowFailException, match=r"^gates\[2\] must be > 0$"):
        task("print('reading'); print('gates[2] must be > 0', file=sys.stderr); sys.exit(2)").execute(context())


def test_exit_99_skips_with_the_reason(task):
    with pytest.raises(AirflowSkipException, match=r"^The champion is newer\.$"):
        task("print('The champion is newer.'); sys.exit(99)").execute(context())


@pytest.mark.parametrize("code", [1, 3, 137])
def test_any_other_exit_is_retried(task, code):
    with pytest.raises(AirflowException, match=f"train exited with {code}: MLflow is away") as caught:
        task(f"print('MLflow is away'); sys.exit({code})").execute(context())
    assert not isinstance(caught.value, AirflowFailException | AirflowSkipException)


@pytest.mark.parametrize("name, hint", [("SIGKILL", "out of memory"), ("SIGSEGV", "SIGSEGV")])
def test_a_signal_is_retried_and_named(task, name, hint):
    with pytest.raises(AirflowException, match=f"train was ended by {name}.*tree 12") as caught:
        task(f"print('tree 12', flush=True); os.kill(os.getpid(), signal.{name})").execute(context())
    assert not isinstance(caught.value, AirflowFailException)
    assert hint in str(caught.value)


def test_a_silent_failure_says_so(task):
    with pytest.raises(AirflowException, match="train exited with 1: it said nothing"):
        task("sys.exit(1)").execute(context())


def test_on_kill_ends_the_child(task, task_log):
    train = task("print('fitting', flush=True); time.sleep(60)")

    def kill_when_started():
        while "fitting" not in task_log.lines:
            time.sleep(0.01)
        train.on_kill()

    killer = threading.Thread(target=kill_when_started)
    killer.start()
    with pytest.raises(AirflowException, match="SIGTERM"):
        train.execute(context())
    killer.join()
    train.on_kill()


def test_a_task_that_runs_out_of_time_takes_its_child_along(task):
    train = task("print(os.getpid(), flush=True); time.sleep(60)")

    def out_of_time(*_):
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(TimeoutError):
            train.execute(context())
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert train.child is None


@pytest.mark.parametrize(
    "program, complaint",
    [
        ("", "wrote no result"),
        ("open(result, 'w').write('{\"step\": ')", "not a StepResult"),
        (writes([1, 2]), "not a StepResult"),
        (writes({"step": "train"}), "missing .* required"),
        (writes({**RESULT, "rows": []}), "unexpected keyword argument 'rows'"),
        (f"open(result, 'w').write('x' * {RESULT_BYTES + 1})", "65,537 bytes; at most 65,536"),
        ("open(result, 'wb').write(bytes([200, 201]))", "not a StepResult"),
    ],
)
def test_a_broken_result_fails_without_a_retry(task, program, complaint):
    with pytest.raises(AirflowFailException, match=complaint):
        task(program).execute(context())


def test_a_result_with_defaults_is_whole(tmp_path):
    file = tmp_path / "result.json"
    file.write_text(json.dumps({k: v for k, v in RESULT.items() if k not in ("references", "figures")}))
    assert read_result(file, "train") == {**RESULT, "references": {}, "figures": {}}


def test_airflows_secrets_do_not_reach_a_step():
    inherited = {"AIRFLOW__API_AUTH__JWT_SECRET": "s", "TRAINYARD_STORE": "/store", "PATH": "/bin"}
    seen = step_environment(inherited)
    assert seen["TRAINYARD_STORE"] == "/store"
    assert "s" not in seen.values()


def test_the_program_runs_in_the_repository(task):
    train = task("print(os.getcwd()); sys.exit(99)")
    with pytest.raises(AirflowSkipException, match=str(Path(__file__).resolve().parents[2])):
        train.execute(context())


def test_an_unknown_compute_names_what_is_allowed(monkeypatch):
    monkeypatch.setitem(os.environ, "TRAINYARD_COMPUTE", "mainframe")
    with pytest.raises(CallerError, match="TRAINYARD_COMPUTE has the place 'mainframe'; allowed: local, kubernetes"):
        step_operator(flow.BY_NAME["train"], FLIGHT_DELAY, "flights")


def test_a_task_carries_the_steps_time_limit_and_assets(task):
    train = task("")
    assert train.execution_timeout == timedelta(minutes=flow.BY_NAME["train"].timeout_min)
    assert [asset.name for asset in train.inlets] == ["flight_delay/training_set"]
    assert [asset.name for asset in train.outlets] == ["flight_delay/candidate"]


def test_a_model_reads_its_datasets_artifacts():
    predict = step_operator(flow.BY_NAME["predict"], FLIGHT_DELAY, "flights")
    assert [asset.name for asset in predict.inlets] == ["flight_delay/champion", "flights/features"]
