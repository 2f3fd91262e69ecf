"""What the times of task instances tell: order, waits, slots that stood empty, and their picture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Task = tuple[str, str]  # the DAG's id and the task's
Span = tuple[float, float]
Edge = tuple[Task, Task]


@dataclass(frozen=True)
class Ran:
    """One task instance; times are seconds since its run was due.

    queued: when its last try was handed to the executor. spans: when a process of it ran, oldest first; a sensor that
    looked again later has several, and so has a task that was tried again.
    """

    task: Task
    state: str
    queued: float
    spans: tuple[Span, ...]

    @property
    def started(self) -> float:
        return self.spans[0][0]

    @property
    def ended(self) -> float:
        return self.spans[-1][1]


@dataclass(frozen=True)
class Waits:
    """Seconds of the tasks that follow another in their run, in no order, each of shape (n,).

    to_queued: from the end of the last task before it until the scheduler handed it to the executor, a slot's wait
    included. to_started: from then until its own process ran.
    """

    to_queued: np.ndarray
    to_started: np.ndarray


def out_of_order(ran: Mapping[Task, Ran], edges: Iterable[Edge]) -> list[str]:
    """What started before something that it follows had ended, one sentence each."""
    return [
        f"{'.'.join(after)} started {ran[before].ended - ran[after].spans[-1][0]:.1f} s before {'.'.join(before)} ended"
        for before, after in edges
        if ran[after].spans[-1][0] < ran[before].ended
    ]


def waits(ran: Mapping[Task, Ran], edges: Iterable[Edge]) -> Waits:
    """Of every task that has one before it, and ran in one piece."""
    ready: dict[Task, float] = {}
    for before, after in edges:
        ready[after] = max(ready.get(after, 0.0), ran[before].ended)
    whole = [ran[task] for task in ready if len(ran[task].spans) == 1]
    return Waits(
        np.array([one.queued - ready[one.task] for one in whole]), np.array([one.started - one.queued for one in whole])
    )


def empty_slot_seconds(ran: Mapping[Task, Ran], edges: Iterable[Edge], slots: int) -> float:
    """Slots that stood empty while a task could have run in them, times how long: what no lack of slots explains.

    A task could run from the end of what it follows, or from when its run was due, until it first did.
    """
    ready = dict.fromkeys(ran, 0.0)
    for before, after in edges:
        ready[after] = max(ready[after], ran[before].ended)
    changes: list[tuple[float, int, int]] = []
    for task, one in ran.items():
        changes += [(ready[task], 1, 0), (max(one.started, ready[task]), -1, 0)]
        changes += [change for start, end in one.spans for change in ((start, 0, 1), (end, 0, -1))]
    empty, waiting, running, before_at = 0.0, 0, 0, 0.0
    for at, waits_more, runs_more in sorted(changes):
        empty += (at - before_at) * min(waiting, max(slots - running, 0))
        waiting, running, before_at = waiting + waits_more, running + runs_more, at
    return empty


def draw(ran: Mapping[Task, Ran], found: Waits, path: Path) -> None:
    """Tasks that have ended over time, by step; and how long tasks waited."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.8), dpi=150, layout="constrained", width_ratios=(4, 3))
    for name in dict.fromkeys(one.task[1] for one in sorted(ran.values(), key=lambda one: one.ended)):
        ends = sorted(one.ended for one in ran.values() if one.task[1] == name)
        if len(ends) > 1:
            left.step([0, *ends], range(len(ends) + 1), where="post", label=name)
    left.set(title="tasks ended", xlabel="seconds since all runs were due")
    left.legend(frameon=False, fontsize=9)
    stages = {"until a slot was given": found.to_queued, "from then to its process": found.to_started}
    for label, seconds in stages.items():
        shares = np.arange(1, len(seconds) + 1) / len(seconds)
        right.step(np.sort(seconds), shares, where="post", label=label)
    right.set(title="share of tasks that waited no longer", xlabel="seconds", xscale="symlog", ylim=(0, 1))
    right.legend(frameon=False, fontsize=9)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    pyplot.close(figure)
