"""Many models' daily runs, all due at one moment, on one machine with the local executor.

Each model has a prediction and a monitoring DAG, all read one dataset: its day is pulled, every model scores it, and
every model's scores are watched. That is what falls due every day; a training does not, and its champion is made
beforehand, by the steps themselves in one process. One backfill a DAG queues the runs while all DAGs are paused; then
they are let go together. Afterwards the same day is run once more, which may change nothing.

    python benchmarks/load.py [--models 50] [--quick] [--json FILE] [--picture FILE]
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

# Run by its path, Python looks for modules beside this file only.
REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from benchmarks.load_figures import Edge, draw, empty_slot_seconds, out_of_order, waits
from benchmarks.load_round import Round, across, edges_of, run_round
from benchmarks.load_specs import DUE, MOST_MODELS, copy_code, model_names
from embedded import stack
from embedded.home import Home, read_env_file
from embedded.settings import free_ports
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session
from pipelines.journal import everything
from pipelines.layout import drift_report, monitoring_table, predictions_table
from pipelines.store import Store
from pipelines.table_versions import digest_of

# Of embedded/airflow_config.py: task processes at once, and slots of the default pool.
SLOTS = 4
# Of Airflow's defaults: as often each DAG file is read again.
PARSED_EVERY_S = 30
SENSORS = ("await_features", "await_predictions")
Say = Callable[[str], None]


@dataclass(frozen=True)
class Day:
    """rounds: the first and its repetition. inside: edges of the runs; across: between them. parsed_s: all DAG files
    once. changed: what the repetition left otherwise."""

    models: int
    rounds: list[Round]
    inside: list[Edge]
    across: list[Edge]
    parsed_s: float
    changed: list[str]


@contextmanager
def running(code: Path, home: Home) -> Iterator[stack.Running]:
    """The embedded stack of the copied code, stopped on leaving."""
    airflow, mlflow = free_ports(2)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TRAINYARD_", "MLFLOW_"))}
    environment |= {"TRAINYARD_HOME": str(home.root), "AIRFLOW_PORT": str(airflow), "MLFLOW_PORT": str(mlflow)}
    program = [sys.executable, "-m"]
    try:
        subprocess.run([*program, "embedded", "up"], cwd=code, env=environment, check=True)
        subprocess.run([*program, "benchmarks.load_champions"], cwd=code, env=environment, check=True)
        yield stack.Running(home, read_env_file(home))
    finally:
        subprocess.run([*program, "embedded", "down"], cwd=code, env=environment, check=True)


def digests(store: Store, models: list[str]) -> dict[str, str]:
    """Of what a day's runs leave: each model's scores, drift report and series, and the journal but for its clock."""
    part = f"{DUE.start:%Y-%m-%d}"
    told = sorted(repr(replace(event, written_at=None)) for event in everything(store))
    return {
        **{f"{model} predictions": digest_of(store.read(predictions_table(model))) for model in models},
        **{f"{model} series": digest_of(store.read(monitoring_table(model))) for model in models},
        **{f"{model} drift": _sha256(store.read_file(drift_report(model, part))) for model in models},
        "journal": _sha256("\n".join(told).encode()),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def parsed_s(airflow: Airflow) -> float:
    """Seconds that the DAG processor took to read all DAG files once, by its last look at each."""
    files = {dag["fileloc"]: dag["last_parse_duration"] for dag in airflow.session.pages("/dags", "dags")}
    return sum(files.values())


def measure(folder: Path, models: list[str], say: Say) -> Day:
    code, home = folder / "code", Home(folder / "home")
    code.mkdir()
    copy_code(REPO, code, len(models))
    with running(code, home) as served:
        airflow = Airflow(Session(served.airflow_url, "admin", served.password))
        parsed, rounds, left = parsed_s(airflow), [], []
        for reprocess in ("none", "completed"):
            rounds.append(run_round(airflow, home, models, reprocess, say))
            left.append(digests(Store(str(home.store)), models))
        inside = edges_of(airflow, models)
    before, after = left
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return Day(len(models), rounds, inside, across(models), parsed, changed)


def figure(value: float, limit: float, unit: str) -> dict[str, float | str]:
    return {"value": round(value, 3), "unit": unit, "limit": round(limit, 3), "ratio": round(value / limit, 2)}


def figures_of(day: Day, number: int) -> dict[str, dict[str, float | str]]:
    """Of one round, against: wall time with all slots full; the median step for a wait; what a task takes of a slot and
    of the whole stack's CPU; the pause between two readings of a DAG file; the machine's memory."""
    found = day.rounds[number]
    ran, cpu = found.ran, found.meter.cpu_s
    busy = sum(end - start for one in ran.values() for start, end in one.spans)
    alone = float(np.median([one.ended - one.started for one in ran.values() if one.task[1] not in SENSORS]))
    waited, tasks = waits(ran, day.inside), len(ran)
    stages = {"until_slot": waited.to_queued, "slot_to_start": waited.to_started}
    return {
        "wall": figure(found.wall_s, busy / SLOTS, "s"),
        **{
            f"{stage}_p{share}": figure(float(np.percentile(seconds, share)), alone, "s")
            for stage, seconds in stages.items()
            for share in (50, 95)
        },
        "empty_slot_per_task": figure(empty_slot_seconds(ran, day.inside, SLOTS) / tasks, busy / tasks, "s"),
        "scheduler_cpu_per_task": figure(cpu["scheduler"] / tasks, cpu["stack"] / tasks, "CPU s"),
        "dag_processor_cpu": figure(cpu["dag-processor"], cpu["stack"], "CPU s"),
        "parse_all_dags": figure(day.parsed_s, PARSED_EVERY_S, "s"),
        "scheduler_peak_memory": figure(
            found.meter.peak_of["scheduler"] / 2**20, found.meter.peak_bytes / 2**20, "MiB"
        ),
        "peak_memory": figure(found.meter.peak_bytes / 2**20, psutil.virtual_memory().total / 2**20, "MiB"),
    }


def problems_of(day: Day) -> list[str]:
    """Why the load was not carried; empty when it was."""
    problems = [f"the repetition changed {', '.join(day.changed)}"] if day.changed else []
    for number, found in enumerate(day.rounds, 1):
        told = [f"{'.'.join(one.task)} {one.state}" for one in found.ran.values() if one.state == "failed"]
        # Of a repetition what the day's runs read is there already, so that none of them waits for another.
        told += out_of_order(found.ran, [*day.inside, *(day.across if number == 1 else [])])
        told += [f"{name} was restarted" for name in found.meter.restarted]
        problems += [f"round {number}: {line}" for line in told]
    return problems


def show(day: Day, figures: list[dict[str, dict[str, float | str]]], console: Console) -> None:
    table = Table(title=f"{day.models} models, the runs of one day, {SLOTS} slots", box=None)
    for heading in ("", "first", "against", "repeated", "against"):
        table.add_column(heading, justify="right" if heading else "left")
    first, repeated = figures
    for name, one in first.items():
        again = repeated[name]
        table.add_row(f"{name}, {one['unit']}", *(str(of[key]) for of in (one, again) for key in ("value", "ratio")))
    console.print(table)
    for number, found in enumerate(day.rounds, 1):
        states = Counter(one.state for one in found.ran.values())
        looks = sum(len(one.spans) for one in found.ran.values() if one.task[1] in SENSORS)
        console.print(f"round {number}: {len(found.ran)} tasks, {dict(states)}; sensors looked {looks} times")
    for problem in problems_of(day) or ["in order, and the repetition changed nothing"]:
        console.print(problem, highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=50, help=f"1 to {MOST_MODELS} (default 50)")
    parser.add_argument("--quick", action="store_true", help="4 models: a trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the first round there (PNG)")
    options = parser.parse_args()
    if not 1 <= options.models <= MOST_MODELS:
        parser.error(f"--models must be 1 to {MOST_MODELS} (got {options.models})")
    console = Console()
    names = model_names(4 if options.quick else options.models)
    with tempfile.TemporaryDirectory(prefix="trainyard-load-") as folder:
        day = measure(Path(folder), names, lambda line: console.print(line, highlight=False))
    figures = [figures_of(day, number) for number in range(len(day.rounds))]
    show(day, figures, console)
    if options.json:
        options.json.write_text(json.dumps({"first": figures[0], "repeated": figures[1]}, indent=1))
    if options.picture:
        draw(day.rounds[0].ran, waits(day.rounds[0].ran, day.inside), options.picture)
    return 1 if problems_of(day) else 0


if __name__ == "__main__":
    sys.exit(main())
