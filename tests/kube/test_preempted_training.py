"""The real training in pods that are taken away at random moments: one version each, all with the same bytes."""

import random
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise
from typing import Any

import pytest

from pipelines.candidate import read_candidate
from pipelines.layout import checkpoints_folder
from pipelines.registry import Registry
from pipelines.steps import assemble, train
from pipelines.store import Store
from tests.integration.copied_code import copy_of_code
from tests.kube.answers import until
from tests.kube.task import Task
from tests.pipelines.months import FEBRUARY

pytestmark = [pytest.mark.slow, pytest.mark.double_only("it counts lives, and its image declares small models")]

# As often as the shipped class starts a pod over: 12 moments, each fault three times.
TRAININGS, EACH = 4, 3
FAULTS = ("evict", "preempt", "delete", "evict_under_pressure")
AT_ONCE = 2
PATIENCE_S = 90
SAVED = re.compile(r"asked to end \(SIGTERM\)\. (\w+) is saved at round (\d+) of")
RESUMED = re.compile(r"resuming (\w+) at round (\d+) of")


@dataclass
class Disturbed:
    """One training and what is done to it. moments: (fault, rounds of all its fits), ascending."""

    task: Task
    moments: list[tuple[str, int]]
    logs: list[str] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)

    def run(self, cluster: Any, store: Store) -> None:
        with ThreadPoolExecutor(len(self.moments) + 2) as beside:
            disturbing = beside.submit(self._disturb, cluster, store, beside)
            self.result = self.task.run(PATIENCE_S)
            self.logs = [log.result() for log in disturbing.result()]

    def _disturb(self, cluster: Any, store: Store, beside: ThreadPoolExecutor) -> list[Future[str]]:
        """The logs of all its pods, each to the pod's end."""
        name, seen, logs = self.task.pod_name, set(), []

        def fresh() -> Any:
            pod = cluster.pod(name)
            new = pod is not None and pod.metadata.uid not in seen
            return pod if new and pod.status.phase == "Running" else None

        for fault, moment in [*self.moments, (None, 0)]:
            seen.add(until(fresh, PATIENCE_S).metadata.uid)
            logs.append(beside.submit(whole_log, cluster, name))
            if fault is not None:
                due = max(moment, saved_rounds(store, self.task.spec.name) + 1)
                until(lambda due=due: saved_rounds(store, self.task.spec.name) >= due, PATIENCE_S)
                getattr(cluster, fault)(name)
        return logs

    def caught_in_a_fit(self) -> int:
        """How many of its pods left a fit half done, from where the next one went on."""
        return sum(
            (left := SAVED.search(before)) is not None and left.groups() in RESUMED.findall(after)
            for before, after in pairwise(self.logs)
        )


def whole_log(cluster: Any, name: str) -> str:
    response = cluster.core.read_namespaced_pod_log(
        name, cluster.namespace, container="base", follow=True, _preload_content=False
    )
    return b"".join(response.stream()).decode()


def saved_rounds(store: Store, model: str) -> int:
    """In the newest checkpoints of all fits of its training together."""
    newest: dict[str, int] = {}
    for path in store.files_below(checkpoints_folder(model)):
        fit, _, file = path.rpartition("/")
        if file.endswith(".json"):
            newest[fit] = max(newest.get(fit, 0), int(file.partition("-")[0]))
    return sum(newest.values())


def random_moments(rounds: int) -> Iterator[list[tuple[str, int]]]:
    """For each training; rounds: of all fits of one. The last tenth is left: a pod there may end before it is hit."""
    draw, faults = random.Random(2013), cycle(FAULTS)
    for _ in range(TRAININGS):
        yield list(zip(islice(faults, EACH), sorted(draw.sample(range(2, rounds * 9 // 10), EACH)), strict=True))


def test_evicted_at_random_moments_a_training_registers_one_version_with_the_same_bytes(
    cluster, in_pods, joined_store, mlflow_server, monkeypatch, tmp_path
):
    alone, *models = copy_of_code(tmp_path / "code", "alone", *(f"taken_{n}" for n in range(TRAININGS))).values()
    registry = Registry(mlflow_server.uri)
    for spec in (alone, *models):
        assemble.run(spec, FEBRUARY, joined_store)
    train.run(alone, FEBRUARY, joined_store, registry)
    undisturbed = read_candidate(joined_store, alone.name, FEBRUARY.as_of)

    monkeypatch.setenv("TRAINYARD_STORE", joined_store.uri)
    settings = {"TRAINYARD_STORE": joined_store.uri, "MLFLOW_TRACKING_URI": mlflow_server.uri}
    cluster.create_config_map(
        "trainyard-steps", settings | {"PYTHONPATH": str(tmp_path / "code"), "PYTHONSAFEPATH": "1"}
    )
    span = (FEBRUARY.start, FEBRUARY.end)
    disturbed = [
        Disturbed(Task("train", spec, run_id="manual__1", interval=span), moments)
        for spec, moments in zip(models, random_moments(100 + 2 * undisturbed.rounds), strict=True)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda one: one.run(cluster, joined_store), disturbed))

    for one in disturbed:
        model = one.task.spec.name
        lives = cluster.lives(one.task.pod_name)
        assert one.task.tries == 1 and [life.labels["trainyard/restarts"] for life in lives] == ["0", "1", "2", "3"]
        assert {life.labels["trainyard/resource-class"] for life in lives} == {"cpu-small"}  # never out of its memory
        assert one.result["references"]["model_digest"] == undisturbed.model_digest
        assert len(registry.client.search_model_versions(f"name = '{model}'")) == 1
        assert joined_store.files_below(checkpoints_folder(model)) == {}
    assert cluster.overlaps() == []
    assert sum(one.caught_in_a_fit() for one in disturbed) > TRAININGS * EACH * 2 / 3
