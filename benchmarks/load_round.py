"""One round of the load: all daily runs due at one moment, followed to their end, and what they took."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import psutil
import sqlalchemy as sa

from benchmarks.load_figures import Edge, Ran, Task
from benchmarks.load_specs import DUE
from embedded import postgres, stack
from embedded.home import Home
from embedded.services import AIRFLOW_SERVICES
from pipelines.airflow_rest import Airflow

FAMILIES = ("monitor", "predict")
DATA = "flights__data"
SAMPLED_EVERY_S, LOOKED_EVERY_S = 5.0, 5.0
ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")
INSTANCES = """
    SELECT t.id, t.dag_id, t.task_id, t.state, t.queued_dttm, t.start_date, t.end_date
    FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id WHERE r.logical_date = :due
"""
EARLIER = """
    SELECT t.dag_id, t.task_id, e.start_date, e.end_date
    FROM task_instance t JOIN dag_run r ON r.dag_id = t.dag_id AND r.run_id = t.run_id JOIN (
        SELECT ti_id, start_date, end_date FROM task_reschedule
        UNION ALL
        SELECT t.id, h.start_date, h.end_date FROM task_instance_history h JOIN task_instance t
            ON h.dag_id = t.dag_id AND h.run_id = t.run_id AND h.task_id = t.task_id
    ) e ON e.ti_id = t.id WHERE r.logical_date = :due AND e.start_date >= :since ORDER BY e.start_date
"""


@dataclass
class Meter:
    """CPU seconds of a stack's services, and the memory of all of its processes while it is looked at.

    Memory is the proportional set size: what processes share counts once.
    """

    home: Home
    peak_bytes: int = 0
    peak_of: dict[str, int] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Meter":
        self.restarts = stack.restarts(self.home)
        self.before = self.cpu()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()
        self.cpu_s = {name: seconds - self.before.get(name, 0.0) for name, seconds in self.cpu().items()}
        self.restarted = [name for name, count in stack.restarts(self.home).items() if count != self.restarts[name]]

    def cpu(self) -> dict[str, float]:
        """Of each service's first process alone, and of the whole stack with all that it started, ended or not."""
        own = {name: _cpu(process, 2) for name, process in self._services().items()}
        return own | {"stack": sum(_cpu(process, 4) for process in self._family())}

    def _family(self) -> list[psutil.Process]:
        supervisor = psutil.Process(stack.supervisor_pid(self.home))
        return [supervisor, *supervisor.children(recursive=True)]

    def _services(self) -> dict[str, psutil.Process]:
        found = stack.read_state(self.home)["services"]
        return {name: psutil.Process(found[name]["pid"]) for name in AIRFLOW_SERVICES}

    def _sample(self) -> None:
        while not self.ended.wait(SAMPLED_EVERY_S):
            self.peak_bytes = max(self.peak_bytes, sum(map(_memory, self._family())))
            for name, process in self._services().items():
                self.peak_of[name] = max(self.peak_of.get(name, 0), _memory(process))


def _cpu(process: psutil.Process, kinds: int) -> float:
    """Of itself by the first two kinds, and of its children that have ended by the next two; an ended one has none."""
    try:
        return float(sum(process.cpu_times()[:kinds]))
    except psutil.Error:
        return 0.0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


@dataclass(frozen=True)
class Round:
    """ran: by task. wall_s: until the last had ended."""

    ran: dict[Task, Ran]
    wall_s: float
    meter: Meter


def run_round(airflow: Airflow, home: Home, models: list[str], reprocess: str, say: Callable[[str], None]) -> Round:
    """Queue a run of every DAG while all are paused, let them go at once, and wait until they have ended.

    reprocess: "completed" runs again what has run already. Raises SystemExit when the scheduler loses a run.
    """
    dag_ids = [*(f"{model}__{family}" for family in FAMILIES for model in models), DATA]
    _pause(airflow, True)
    for dag_id in dag_ids:
        airflow.wait_until_parsed(dag_id)
        airflow.create_backfill(dag_id, DUE.start, DUE.end, reprocess)
    engine = sa.create_engine(postgres.url(postgres.ensure_socket_folder(home), "airflow"))
    say(f"{len(dag_ids)} runs are queued")
    with engine.connect() as database, Meter(home) as meter:
        due = database.scalar(sa.text("SELECT clock_timestamp()"))
        database.rollback()
        _pause(airflow, False)
        _follow(database, len(dag_ids), say)
    with engine.connect() as database:
        ran = _ran(database, due)
    engine.dispose()
    return Round(ran, max(one.ended for one in ran.values()), meter)


def edges_of(airflow: Airflow, models: list[str]) -> list[Edge]:
    """Which task follows which in each run."""
    return [
        ((dag_id, task["task_id"]), (dag_id, after))
        for dag_id in (DATA, *(f"{model}__{family}" for family in FAMILIES for model in models))
        for task in airflow.session.get(f"/dags/{dag_id}/tasks")["tasks"]
        for after in task["downstream_task_ids"]
    ]


def across(models: list[str]) -> list[Edge]:
    """What the runs of the day read from one another."""
    scored = [((DATA, "featurize"), (f"{model}__predict", "predict")) for model in models]
    watched = [((f"{model}__predict", "predict"), (f"{model}__monitor", "detect_drift")) for model in models]
    return scored + watched


def _pause(airflow: Airflow, is_paused: bool) -> None:
    for pattern in (*(f"%__{family}" for family in FAMILIES), DATA):
        airflow.session.checked(
            "PATCH", "/dags", params={"dag_id_pattern": pattern, "limit": 100}, json={"is_paused": is_paused}
        )


def _follow(database: sa.Connection, runs: int, say: Callable[[str], None]) -> None:
    began, said = time.monotonic(), ""
    while True:
        states = dict(_rows(database, "SELECT state, count(*) FROM dag_run WHERE logical_date = :due GROUP BY 1"))
        tasks = dict(_rows(database, f"SELECT state, count(*) FROM ({INSTANCES}) all_of_them GROUP BY 1"))
        ended = sum(tasks.get(state, 0) for state in ENDED)
        told = f"{ended} of {sum(tasks.values())} tasks ended, {tasks.get('running', 0)} running"
        if told != said:
            say(f"{time.monotonic() - began:5.0f} s  {told}, {states.get('success', 0)} runs done")
        if sum(states.get(state, 0) for state in ("success", "failed")) == runs:
            return
        said = told
        time.sleep(LOOKED_EVERY_S)


def _ran(database: sa.Connection, due: datetime) -> dict[Task, Ran]:
    spans: dict[Task, list[tuple[float, float]]] = {}
    for dag_id, task_id, start, end in _rows(database, EARLIER, since=due):
        spans.setdefault((dag_id, task_id), []).append(((start - due).total_seconds(), (end - due).total_seconds()))
    found = {}
    for _, dag_id, task_id, state, queued, start, end in _rows(database, INSTANCES):
        task = (dag_id, task_id)
        if state not in ("success", "failed", "skipped") or end is None:
            raise SystemExit(f"{dag_id}.{task_id} did not run: {state}; what it follows failed, see Airflow's log")
        last = (max(start, queued) - due).total_seconds(), (end - due).total_seconds()
        queued_s = (queued - due).total_seconds()
        found[task] = Ran(task, state, queued_s, (*spans.get(task, ()), last))
    return found


def _rows(database: sa.Connection, query: str, **told: object) -> list[sa.Row]:
    rows = list(database.execute(sa.text(query), {"due": DUE.start, **told}))
    database.rollback()
    return rows
