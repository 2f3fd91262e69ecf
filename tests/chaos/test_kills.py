"""Every service is killed during every step, one after the other over a year, and the year ends as one left in peace.

`make test-chaos` needs a Docker engine on this machine and root; every pair of service and step needs MONTHS=12, and
hours on two cores. With TRAINYARD_COMPARE, the store of a year that nobody disturbed, made by the images' Python
version, every digest is compared with it.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from compose.demo import Served
from embedded import year
from pipelines import flow
from pipelines.airflow_rest import Airflow
from pipelines.airflow_session import Session
from tests.chaos import ledger
from tests.chaos.conftest import Fresh
from tests.chaos.containers import SERVICES, Containers
from tests.chaos.storm import Moment, Storm, Struck
from tests.compose.running import download
from tests.system.loop import differences, digests

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(4 * 3600)]
MONTHS = int(os.environ.get("MONTHS", "4"))
STEPS = [step.name for step in flow.STEPS if step.family not in ("rollback", "backtest")]


def victim(moment: Moment) -> str:
    """By turns: over a year each kind of step sees each service die, and no two kinds in the same order."""
    return SERVICES[(moment.nth + STEPS.index(moment.step)) % len(SERVICES)]


@dataclass(frozen=True)
class Year:
    fresh: Fresh
    struck: list[Struck]
    commands: int
    tries: Counter[int]
    store: Path


@pytest.fixture(scope="module")
def killed_year(fresh, tmp_path_factory) -> Year:
    def strike(moment: Moment) -> str:
        fresh.containers.kill(victim(moment))
        return victim(moment)

    with Storm(fresh.settings["S3_STEPS_SECRET"], strike) as storm:
        commands = fresh.run_loop(MONTHS)
    fresh.containers.await_health()
    store = download(fresh.settings, tmp_path_factory.mktemp("store"))
    found = Year(fresh, storm.struck, commands, tries(fresh), store)
    print(table(found))
    return found


def tries(fresh: Fresh) -> Counter[int]:
    """How many steps took one try, two, three."""
    served, counted = Served(fresh.settings), Counter()
    airflow = Airflow(Session(served.airflow_url, "admin", served.password))
    at_once, scoring = year.stages(MONTHS)
    for stage in (*at_once, *scoring):
        for run in airflow.runs(stage.dag_id, stage.start, stage.end):
            told = airflow.task_instances(stage.dag_id, run.run_id)
            counted.update(task.try_number for task in told if task.task_id in STEPS)
    return counted


def table(found: Year) -> str:
    """Kills by service and step, as RESULTS.md has them."""
    count = Counter((one.what, one.moment.step) for one in found.struck)
    lines = [f"| | {' | '.join(STEPS)} |", f"| --- |{' ---: |' * len(STEPS)}"]
    lines += [
        f"| {service} | {' | '.join(str(count[service, step] or '') for step in STEPS)} |" for service in SERVICES
    ]
    late = sum(not one.still_ran for one in found.struck)
    return "\n".join(
        [
            f"{len(found.struck)} kills, {late} of them just after the step had ended; "
            f"demo commands: {found.commands}; steps by tries: {dict(sorted(found.tries.items()))}",
            *lines,
        ]
    )


def test_every_step_of_every_month_was_struck(killed_year):
    at_once, scoring = year.stages(MONTHS)
    months = {stage.dag_id.partition("__")[2]: stage.last - stage.first + 1 for stage in (*at_once, *scoring)}
    expected = Counter({step.name: months[step.family] for step in flow.STEPS if step.name in STEPS})
    assert Counter(one.moment.step for one in killed_year.struck) == expected


def test_it_wrote_what_a_year_in_peace_writes(killed_year):
    ours = digests(killed_year.store)
    assert len([name for name in ours if name.startswith("predictions")]) == MONTHS - year.FIRST_SCORED + 1
    if compared := os.environ.get("TRAINYARD_COMPARE"):
        assert differences(killed_year.store, Path(compared)) == set()


def test_nothing_is_lost_and_nothing_double(killed_year):
    store, settings = killed_year.store, killed_year.fresh.settings
    assert ledger.rows(store, f"predictions/{ledger.MODEL}") == ledger.scored(store)
    keys = ledger.event_keys(store)
    assert len(keys) == len(set(keys))
    trained = MONTHS - year.FIRST_TRAINED + 1
    assert ledger.versions(settings) == list(range(1, trained + 1)), "an interrupted training leaves no second version"


def test_journal_and_registry_agree(killed_year):
    containers: Containers = killed_year.fresh.containers
    said = containers.engine.run("run", "--rm", "--no-TTY", "cli", "python", "-m", "pipelines", "registry", "check")
    assert "flight_delay" in said
