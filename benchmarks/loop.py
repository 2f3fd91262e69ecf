"""One monthly cycle, by step: what Airflow and fresh processes add to the work itself.

The limit is the same step functions called one after another in one warm process. Beside it stand the
steps as child processes (start-up and imports added) and the cycle inside Airflow (orchestration added).
CPU seconds are of the steps' process, and for Airflow of the whole stack, PostgreSQL and MLflow included.

    python benchmarks/loop.py [--quick] [--json FILE]
"""

import argparse
import contextlib
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

# Run by its path, Python looks for modules beside this file only.
REPO = Path(__file__).parents[1]
sys.path.insert(0, str(REPO))

from embedded import stack, year
from embedded.stack import Running, running_stack
from pipelines import flow
from pipelines.__main__ import run_step
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session
from pipelines.interval import Interval

MEASURED_MONTH = 5
CYCLE = ("data", "predict", "monitor", "train")
SUBJECTS = {"dataset": "flights", "model": "flight_delay"}


@dataclass(frozen=True)
class Cost:
    cpu_s: float
    wall_s: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)


def cycle_steps() -> list[flow.Step]:
    return [step for family in CYCLE for step in flow.steps_of(family)]


def span(month: int) -> Interval:
    return Interval(year.month_start(month), year.month_start(month + 1))


def point_at(home: Path) -> None:
    """Steps of this process, and its children, read and write this home; MLflow stays the running one."""
    os.environ["TRAINYARD_HOME"] = str(home)
    os.environ["TRAINYARD_STORE"] = str(home / "store")
    os.environ["TRAINYARD_FEAST_REGISTRY"] = f"sqlite:///{home}/feast/registry.db"
    os.environ["TRAINYARD_FEAST_ONLINE"] = f"{home}/feast/online.db"


def warm(month: int) -> dict[str, Cost]:
    """Each step of a month's cycle, called in this process."""
    costs = {}
    for step in cycle_steps():
        cpu, wall = time.process_time(), time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            run_step(step, SUBJECTS[step.subject], span(month))
        costs[step.name] = Cost(time.process_time() - cpu, time.perf_counter() - wall)
    return costs


def children(month: int) -> dict[str, Cost]:
    """Each step of a month's cycle, as the command that Airflow runs."""
    costs = {}
    for step in cycle_steps():
        command = [sys.executable, "-m", "pipelines", step.name, f"--{step.subject}", SUBJECTS[step.subject]]
        command += ["--start", span(month).start.isoformat(), "--end", span(month).end.isoformat()]
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=REPO)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        costs[step.name] = Cost(cpu, time.perf_counter() - wall)
    return costs


def stack_cpu(running: Running) -> float:
    """CPU seconds of the supervisor's whole family so far, those of ended descendants included."""
    supervisor = psutil.Process(stack.supervisor_pid(running.home))
    return sum(sum(one.cpu_times()[:4]) for one in (supervisor, *supervisor.children(recursive=True)))


def in_airflow(running: Running, month: int) -> Cost:
    """The month's cycle by backfills of the four DAGs, as the demo runs it."""
    airflow = Airflow(Session(running.airflow_url, "admin", running.password))
    cpu, wall = stack_cpu(running), time.perf_counter()
    for family in CYCLE:
        dag_id = "flights__data" if family == "data" else f"flight_delay__{family}"
        airflow.unpause(dag_id)
        airflow.create_backfill(dag_id, span(month).start, span(month).end, "none")
        for change in airflow.follow(dag_id, span(month).start, span(month).end):
            if change.state == "failed":
                raise SystemExit(f"{dag_id} failed; its log is under {running.home.logs}")
    return Cost(stack_cpu(running) - cpu, time.perf_counter() - wall)


def prepare(running: Running, folder: Path, console: Console) -> Path:
    """The months before the measured one, run in Airflow; the store as it was then."""
    if year.run(running, MEASURED_MONTH - 1, console) != 0:
        raise SystemExit("the months before could not be run")
    before = folder / "before"
    shutil.copytree(running.home.store, before / "store")
    return before


def measure(folder: Path, repeats: int, console: Console) -> dict[str, dict[str, Cost]]:
    """{'warm' | 'child': median cost by step, interleaved; 'airflow': {'cycle': cost}, once, after them}."""
    with running_stack(folder / "stack") as running:
        before = prepare(running, folder, console)
        found: dict[str, list[dict[str, Cost]]] = {"warm": [], "child": []}
        os.environ["MLFLOW_TRACKING_URI"] = running.mlflow_url
        for repeat in range(repeats + 1):
            for name, how in (("warm", warm), ("child", children)):
                home = folder / f"{name}{repeat}"
                shutil.copytree(before, home)
                point_at(home)
                found[name].append(how(MEASURED_MONTH))
        cycle = in_airflow(running, MEASURED_MONTH)
    # The first round warms this process and the machine's file cache.
    return {
        **{
            name: {
                step: Cost(median(r[step].cpu_s for r in rounds[1:]), median(r[step].wall_s for r in rounds[1:]))
                for step in rounds[0]
            }
            for name, rounds in found.items()
        },
        "airflow": {"cycle": cycle},
    }


def show(costs: dict[str, dict[str, Cost]], total: dict[str, Cost], console: Console) -> None:
    table = Table(title="one monthly cycle, CPU seconds (wall)")
    for heading in ("step", "warm process", "child process", "start-up and imports", "ratio"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    rows = {step: (costs["warm"][step], child) for step, child in costs["child"].items()}
    for step, (limit, child) in {**rows, "all steps": (total["warm"], total["child"])}.items():
        table.add_row(
            step,
            f"{limit.cpu_s:.1f} ({limit.wall_s:.1f})",
            f"{child.cpu_s:.1f} ({child.wall_s:.1f})",
            f"{child.cpu_s - limit.cpu_s:.1f}",
            f"{child.cpu_s / limit.cpu_s:.1f}",
        )
    console.print(table)
    cycle, orchestration = total["airflow"], total["airflow"].cpu_s - total["child"].cpu_s
    console.print(
        f"in Airflow: {cycle.cpu_s:.1f} CPU s, {cycle.wall_s:.1f} s of wall; "
        f"{orchestration:.1f} CPU s of it beyond the child processes"
    )


def figure(value: float, limit: float, unit: str = "CPU s") -> dict[str, float | str]:
    return {"value": round(value, 2), "unit": unit, "limit": round(limit, 2), "ratio": round(value / limit, 2)}


def figures_of(costs: dict[str, dict[str, Cost]], total: dict[str, Cost]) -> dict[str, dict[str, float | str]]:
    """Against the warm process: each step as a child, and what imports, orchestration and the whole come to."""
    limit, child, cycle = total["warm"], total["child"], total["airflow"]
    return {
        **{f"step_{step}": figure(cost.cpu_s, costs["warm"][step].cpu_s) for step, cost in costs["child"].items()},
        "compute": figure(limit.cpu_s, limit.cpu_s),
        "imports": figure(child.cpu_s - limit.cpu_s, limit.cpu_s),
        "orchestration": figure(cycle.cpu_s - child.cpu_s, limit.cpu_s),
        "cycle_in_airflow": figure(cycle.cpu_s, limit.cpu_s),
        "cycle_in_airflow_wall": figure(cycle.wall_s, limit.wall_s, "s"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one repeat instead of three")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="trainyard-loop-") as folder:
        costs = measure(Path(folder), 1 if options.quick else 3, console)
    total = {name: sum(of.values(), Cost(0, 0)) for name, of in costs.items()}
    show(costs, total, console)
    if options.json:
        options.json.write_text(json.dumps(figures_of(costs, total), indent=1))


if __name__ == "__main__":
    main()
