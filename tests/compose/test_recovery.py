"""Backed up while it runs, then restored into an empty stack with other secrets: it gives the same answers.

The first stack is taken down meanwhile, as two would not fit the machine; its data stays.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from compose import dotenv
from compose.demo import client_environment
from compose.stack import addresses
from pipelines.features import declared_views
from pipelines.layout import feature_file
from pipelines.store import Store
from recovery.questions import MEASURED, questions, scores
from tests.compose.running import Running, new_stack

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(3600)]
MODEL = "flight_delay"
# The view whose entities are the most: many aircraft flew in January, and not since.
(AIRCRAFT,) = (view for view in declared_views("flights") if view.entities == ("tail_number",))


@dataclass(frozen=True)
class Answers:
    """said: exit code and words by question; online: what Feast's server gives, by feature; scores: digests."""

    said: dict[str, tuple[int, str]]
    online: dict[str, Any]
    scores: dict[str, Any]


@contextmanager
def store_of(stack: Running) -> Iterator[Store]:
    """By the steps' key; the environment is put back afterwards."""
    settings = client_environment(stack.settings)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in settings.items():
            patched.setenv(name, value)
        yield Store(settings["TRAINYARD_STORE"])


def answers(stack: Running) -> Answers:
    with store_of(stack) as store:
        asked, aircraft = questions(store, MODEL), store.read_parquet(feature_file("flights", AIRCRAFT.name, "2013-01"))
    said = {what: stack.ask(*command) for what, command in asked.items()}
    with store_of(stack) as store:
        return Answers(said, online(stack, sorted(set(aircraft["tail_number"].to_pylist()))), scores(store, MODEL))


def online(stack: Running, tail_numbers: list[str]) -> dict[str, Any]:
    """By name: the server orders features as its process happens to."""
    (feast,) = (one for one in addresses(stack.settings) if one.name == "Feast")
    asked = {
        "features": [f"{AIRCRAFT.name}:{name}" for name in AIRCRAFT.columns()],
        "entities": {"tail_number": tail_numbers},
    }
    answer = httpx.post(
        f"{feast.url}/get-online-features",
        json=asked,
        auth=(feast.user, stack.settings[feast.setting]),
        timeout=60,
        trust_env=False,
    )
    told = answer.raise_for_status().json()
    return dict(zip(told["metadata"]["feature_names"], told["results"], strict=True))


@dataclass(frozen=True)
class Restored:
    """vault: the folder of the backups, two; before, after: the answers of the one stack and of the other."""

    vault: Path
    said: list[str]
    before: Answers
    after: Answers
    stack: Running


@pytest.fixture(scope="module")
def vault(looped: Running, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of two backups of the running stack, and what each said."""
    folder = tmp_path_factory.mktemp("backed-up") / "backups"
    return folder, [looped.compose("backup", "--at", str(folder)) for _ in range(2)]


def test_a_second_backup_copies_little_and_all_of_it_is_the_callers_own(looped, vault):
    folder, said = vault
    first, second = (int(one.rpartition(" bytes new")[0].split()[-1].replace(",", "")) for one in said)
    assert 0 < second < first / 4
    for path in folder.rglob("*"):
        assert path.stat().st_uid == os.getuid() and not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    listed = looped.compose("list", "--at", str(folder)).splitlines()
    assert len(listed) == 2 and "whole" in looped.compose("verify", "--at", str(folder))


def test_no_secret_is_in_a_backup(looped, vault):
    secrets = [value.encode() for name, value in looped.settings.items() if dotenv.is_secret(name)]
    for path in filter(Path.is_file, vault[0].rglob("*")):
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), path


def test_a_restore_into_a_stack_that_runs_is_refused(looped, vault):
    refused = looped.ran("restore", "--at", str(vault[0]))
    assert refused.returncode == 2 and "The stack runs: airflow-api-server" in refused.stderr
    assert "make stack-down" in refused.stderr and looped.ids().keys() >= {"airflow-scheduler", "mlflow"}


@pytest.fixture(scope="module")
def restored(looped: Running, vault: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restored]:
    """The newest backup in a stack of its own, with the first one down."""
    folder, before = vault[0], answers(looped)
    looped.compose("down")
    other = new_stack(tmp_path_factory.mktemp("restored"), "trainyard-restored")
    try:
        said = [other.compose("restore", "--at", str(folder)), other.compose("up")]
        yield Restored(folder, said, before, answers(other), other)
    finally:
        other.compose("down", "--with-data")
        looped.compose("up")


def verdict(reproduced: str) -> list[str]:
    """What was found; the lines before it say after how many seconds what was done."""
    return [line for line in reproduced.splitlines() if not re.match(r" *\d+ s  ", line)]


def test_it_gives_the_same_answers(restored):
    before, after = restored.before, restored.after
    assert {what for what, (code, _) in after.said.items() if code} == set(), after.said
    words = [{what: said for what, said in one.said.items() if what not in MEASURED} for one in (before, after)]
    assert words[0].keys() == {"status", "registry", "record", "trace"} and words[0] == words[1]
    assert verdict(before.said["reproduce"][1]) == verdict(after.said["reproduce"][1]) != []
    assert after.scores == before.scores


def test_what_was_online_is_online_again(restored):
    assert restored.after.online == restored.before.online
    found = {status for one in restored.after.online.values() for status in one["statuses"]}
    assert "PRESENT" in found and "sampled entities equal offline" in restored.said[0]


def test_its_own_secrets_are_in_force(restored, looped):
    (airflow,) = (one for one in addresses(restored.stack.settings) if one.name == "Airflow")
    codes = [
        httpx.post(
            f"{airflow.url}/auth/token",
            json={"username": "admin", "password": settings["AIRFLOW_ADMIN_PASSWORD"]},
            trust_env=False,
        ).status_code
        for settings in (restored.stack.settings, looped.settings)
    ]
    assert codes == [201, 401]


def test_what_holds_something_is_not_restored_over(restored):
    restored.stack.compose("down")
    refused = restored.stack.ran("restore", "--at", str(restored.vault))
    assert refused.returncode == 2
    assert "s3://trainyard/store has" in refused.stderr and "the database airflow has tables" in refused.stderr
    assert "--over" in refused.stderr
