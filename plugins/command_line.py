"""One command of `python -m pipelines`, run as a child process of the task that asks for it."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from pipelines.errors import EXIT_CALLER_ERROR, EXIT_DONE, EXIT_NOTHING_TO_DO, EXIT_PREEMPTED
from plugins.child_arguments import as_typed, refuse_impossible
from plugins.child_process import ChildProcess
from plugins.step_result import parsed

REPOSITORY = Path(__file__).resolve().parent.parent
# An image may hold the steps' libraries in an environment of their own beside Airflow's.
PROGRAM = (os.environ.get("TRAINYARD_PYTHON") or sys.executable, "-m", "pipelines")
# Its own settings and connections hold passwords and signing keys.
AIRFLOWS_OWN = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_")


class CommandLine:
    """What an operator inherits, before Airflow's own base, to run commands of the product."""

    log: Any
    child: ChildProcess | None = None

    def result_of(self, command: str, *arguments: str) -> dict[str, Any]:
        """Run it, its output in the task's log; the result that it wrote.

        Any exit code but 0 raises what makes Airflow do the right thing next, see `raise_for_exit`.
        """
        with TemporaryDirectory(prefix=f"{command}-") as folder:
            file = Path(folder) / "result.json"
            code, last_line = self._run([*PROGRAM, command, *arguments, "--result", str(file)])
            if code != EXIT_DONE:
                raise_for_exit(command, code, last_line)
            return read_result(file, command)

    def on_kill(self) -> None:
        if self.child is not None:
            self.child.stop()

    def _run(self, command: list[str]) -> tuple[int, str]:
        refuse_impossible(command)
        self.log.info("$ %s", as_typed(command))
        self.child = ChildProcess(command, cwd=REPOSITORY, environment=step_environment(os.environ))
        last_line = ""
        try:
            for last_line in self.child.lines():
                self.log.info("%s", last_line)
            return self.child.wait(), last_line
        finally:
            self.child.close()
            self.child = None


def step_environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What a step may see."""
    kept = {name: value for name, value in inherited.items() if not name.startswith(AIRFLOWS_OWN)}
    return kept | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def raise_for_exit(step: str, code: int, last_line: str) -> NoReturn:
    """Translate a step's exit code, other than 0, into what Airflow does next."""
    said = last_line or "it said nothing"
    if code == EXIT_CALLER_ERROR:
        raise AirflowFailException(said)
    if code == EXIT_NOTHING_TO_DO:
        raise AirflowSkipException(said)
    if code == EXIT_PREEMPTED:
        raise AirflowException(said)
    if code < 0:
        name = signal.Signals(-code).name
        hint = " (out of memory? the kernel kills the largest process)" if name == "SIGKILL" else ""
        raise AirflowException(f"{step} was ended by {name}{hint}. Its last line: {said}")
    raise AirflowException(f"{step} exited with {code}: {said}")


def read_result(file: Path, step: str) -> dict[str, Any]:
    """The step's result as a dict.

    Raises AirflowFailException when the file is absent, too large or not a result.
    """
    if not file.is_file():
        raise AirflowFailException(f"{step} exited with 0 but wrote no result to --result.")
    return parsed(file.read_text(encoding="utf-8", errors="replace"), step)
