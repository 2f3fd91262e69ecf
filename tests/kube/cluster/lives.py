"""When the process of each pod lived: the proof that two pods of one task never lived at once."""

import itertools
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

TASK = ("dag_id", "task_id", "run_id", "map_index")


@dataclass
class PodLife:
    """Of the first container's process; times in seconds on the monotonic clock, `ended_at` None while it lives."""

    uid: str
    name: str
    namespace: str
    labels: dict[str, str]
    pid: int
    started_at: float = field(default_factory=time.monotonic)
    ended_at: float | None = None

    def end(self) -> None:
        self.ended_at = time.monotonic()

    def overlaps(self, other: "PodLife") -> bool:
        first, second = sorted((self, other), key=lambda life: life.started_at)
        return first.ended_at is None or first.ended_at > second.started_at


def task_of(life: PodLife) -> tuple[str, ...]:
    """The task instance that the operator's labels name, whatever the try; a pod without labels is by itself."""
    named = tuple(life.labels.get(name, "") for name in TASK)
    return named if any(named) else (life.uid,)


def overlaps(
    lives: list[PodLife], same: Callable[[PodLife], tuple[str, ...]] = task_of
) -> list[tuple[PodLife, PodLife]]:
    """Pairs of pods of one task whose processes lived at the same time."""
    return [
        (one, other)
        for one, other in itertools.combinations(lives, 2)
        if same(one) == same(other) and one.overlaps(other)
    ]


def write_lives(file: Path, lives: list[PodLife]) -> None:
    file.write_text(json.dumps([asdict(life) for life in lives], indent=1) + "\n")


def read_lives(file: Path) -> list[PodLife]:
    return [PodLife(**life) for life in json.loads(file.read_text())]
