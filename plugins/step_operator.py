"""The operator of a step, where TRAINYARD_COMPUTE says that it runs."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from pipelines.errors import EXIT_CALLER_ERROR, EXIT_DONE, EXIT_NOTHING_TO_DO, CallerError
from pipelines.flow import Step, StepResult
from pipelines.interval import Interval
from plugins.artifacts import asset_of, assets_read
from plugins.child_process import ChildProcess
from plugins.run_interval import interval_of

REPOSITORY = Path(__file__).resolve().parent.parent
PROGRAM = (sys.executable, "-m", "pipelines")
RESULT_BYTES = 65_536  # an XCom is a row of Airflow's database: references fit, data must not


class LocalStep(BaseOperator):
    """Runs a step as a child process of the worker and returns its result as XCom."""

    ui_color = "#dbeafe"

    def __init__(self, *, step: Step, subject: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.step = step
        self.subject = subject
        self.child: ChildProcess | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        interval = interval_of(context)
        with TemporaryDirectory(prefix=f"{self.step.name}-") as folder:
            file = Path(folder) / "result.json"
            code, last_line = self._run(self._command(interval, file))
            if code != EXIT_DONE:
                raise_for_exit(self.step.name, code, last_line)
            result = read_result(file, self.step.name)
        for asset in self.outlets:
            context["outlet_events"][asset].extra = {
                "outcome": result["outcome"],
                "references": result["references"],
            }
        return result

    def on_kill(self) -> None:
        if self.child is not None:
            self.child.stop()

    def _command(self, interval: Interval, result: Path) -> list[str]:
        start, end = interval.start.isoformat(), interval.end.isoformat()
        subject = [f"--{self.step.subject}", self.subject]
        return [*PROGRAM, self.step.name, *subject, "--start", start, "--end", end, "--result", str(result)]

    def _run(self, command: list[str]) -> tuple[int, str]:
        self.log.info("$ %s", " ".join(command))
        self.child = ChildProcess(command, cwd=REPOSITORY, environment=step_environment(os.environ))
        last_line = ""
        try:
            for last_line in self.child.lines():
                self.log.info("%s", last_line)
            return self.child.wait(), last_line
        finally:
            self.child.close()
            self.child = None


OPERATORS = {"local": LocalStep}


def step_operator(step: Step, subject: str, dataset: str) -> BaseOperator:
    """The task of one step for one dataset or model.

    Raises CallerError when TRAINYARD_COMPUTE names no place to run.
    """
    compute = os.environ.get("TRAINYARD_COMPUTE", "local")
    if compute not in OPERATORS:
        raise CallerError(f"TRAINYARD_COMPUTE is '{compute}'; allowed: {', '.join(sorted(OPERATORS))}.")
    return OPERATORS[compute](
        task_id=step.name,
        step=step,
        subject=subject,
        doc_md=f"{step.summary[0].upper()}{step.summary[1:]}.",
        execution_timeout=timedelta(minutes=step.timeout_min),
        pool_slots=step.pool_slots,
        inlets=assets_read(step, subject, dataset),
        outlets=[asset_of(step.writes, subject)],
    )


def step_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a step may see: Airflow's own settings hold its database password and signing keys."""
    kept = {name: value for name, value in inherited.items() if not name.startswith("AIRFLOW__")}
    return kept | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def raise_for_exit(step: str, code: int, last_line: str) -> NoReturn:
    """Translate a step's exit code, other than 0, into what Airflow does next."""
    said = last_line or "it said nothing"
    if code == EXIT_CALLER_ERROR:
        raise AirflowFailException(said)
    if code == EXIT_NOTHING_TO_DO:
        raise AirflowSkipException(said)
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (out of memory? the kernel kills the largest process)" if name == "SIGKILL" else ""
        raise AirflowException(f"{step} was ended by {name}{hint}. Its last line: {said}")
    raise AirflowException(f"{step} exited with {code}: {said}")


def read_result(file: Path, step: str) -> dict[str, Any]:
    """The step's result as a dict.

    Raises AirflowFailException when the file is absent, too large or not a result: the step
    itself is wrong then, and a retry would repeat its whole work for the same file.
    """
    if not file.is_file():
        raise AirflowFailException(f"{step} exited with 0 but wrote no result to --result.")
    size = file.stat().st_size
    if size > RESULT_BYTES:
        raise AirflowFailException(
            f"{step} wrote a result of {size:,} bytes; at most {RESULT_BYTES:,}: references, never data."
        )
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
        return asdict(StepResult(**result))
    except (ValueError, TypeError) as error:
        raise AirflowFailException(f"{step} wrote a result that is not a StepResult: {error}") from error
