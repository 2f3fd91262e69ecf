"""What else happens to a machine and its network, once each over four months; `make test-chaos`."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.chaos import ledger
from tests.chaos.conftest import Fresh
from tests.chaos.containers import SERVICES
from tests.chaos.storm import Moment, Storm
from tests.compose.running import download
from tests.system.loop import differences

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(2 * 3600)]
MONTHS = 4
AWAY_S = 60


def restart_postgres(fresh: Fresh) -> None:
    fresh.containers.restart("postgres")


def hang(service: str, fresh: Fresh) -> None:
    with fresh.containers.hanging(service):
        time.sleep(AWAY_S)


def stop(service: str, fresh: Fresh) -> None:
    with fresh.containers.stopped(service):
        time.sleep(AWAY_S)


def empty_redis(fresh: Fresh) -> None:
    """All that it keeps on its disk, and then its memory."""
    fresh.containers.engine.run("exec", "--no-TTY", "redis", "sh", "-c", "rm -rf /data/*")
    fresh.containers.kill("redis")


def cut(network: str, fresh: Fresh) -> None:
    with fresh.containers.cut_off("airflow-scheduler", network):
        time.sleep(AWAY_S)


def run_two_schedulers(fresh: Fresh) -> None:
    with fresh.containers.doubled("airflow-scheduler"):
        time.sleep(2 * AWAY_S)


def end_the_machine(fresh: Fresh) -> None:
    fresh.containers.kill(*SERVICES)


# By step and its month: the data of January to April, the trainings of March and April, one month scored.
OUTAGES: dict[tuple[str, int], tuple[str, Callable[[Fresh], None]]] = {
    ("ingest", 1): ("PostgreSQL restarted", restart_postgres),
    ("validate", 1): ("object store hangs for 60 s", partial(hang, "object-store")),
    ("featurize", 2): ("two schedulers for 120 s", run_two_schedulers),
    ("materialize", 2): ("Redis loses all that it holds", empty_redis),
    ("assemble", 0): ("scheduler and steps cut off from the object store for 60 s", partial(cut, "objects")),
    ("train", 0): ("MLflow stopped for 60 s", partial(stop, "mlflow")),
    ("evaluate", 0): ("the machine ends: all killed at once", end_the_machine),
    ("promote", 0): ("object store stopped for 60 s", partial(stop, "object-store")),
    ("train", 1): ("MLflow hangs for 60 s", partial(hang, "mlflow")),
    ("predict", 0): ("scheduler and steps cut off from API server and MLflow for 60 s", partial(cut, "platform")),
    ("detect_drift", 0): ("scheduler and steps cut off from databases for 60 s", partial(cut, "databases")),
}


@pytest.fixture(scope="module")
def outages(fresh) -> list[tuple[str, str, float]]:
    """What happened, in which step, and after how many seconds from its end all was healthy."""
    told = []

    def strike(moment: Moment) -> str | None:
        if (moment.step, moment.nth) not in OUTAGES:
            return None
        what, happen = OUTAGES[moment.step, moment.nth]
        happen(fresh)
        healed = fresh.containers.await_health()
        print(f"{what}, in {moment.step} of {moment.start[:7]}: healthy after {healed:.0f} s", flush=True)
        told.append((moment.step, what, healed))
        return what

    with Storm(fresh.settings["S3_STEPS_SECRET"], strike):
        print(f"demo commands: {fresh.run_loop(MONTHS)}")
    fresh.containers.await_health()
    return told


def test_each_happened(outages):
    assert sorted(what for _, what, _ in outages) == sorted(what for what, _ in OUTAGES.values())


def test_the_loop_wrote_what_it_writes_in_peace(outages, fresh, tmp_path):
    store = download(fresh.settings, tmp_path)
    assert ledger.rows(store, f"predictions/{ledger.MODEL}") == ledger.scored(store)
    assert ledger.versions(fresh.settings) == [1, 2]
    if compared := os.environ.get("TRAINYARD_COMPARE"):
        assert differences(store, Path(compared)) == set()


def test_redis_is_filled_again_from_the_features(outages, fresh):
    """What it lost came back by the step that any later month runs."""
    run = ("run", "--rm", "--no-TTY", "cli", "python", "-m", "pipelines", "materialize", "--dataset=flights")
    said = fresh.containers.engine.run(*run, "--start=2013-04-01", "--end=2013-05-01")
    assert "equal offline" in said
