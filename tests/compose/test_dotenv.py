"""The file .env: what is made, what is refused, and that nothing of it is told."""

import os
import stat
from pathlib import Path

import pytest

from compose import dotenv
from compose.errors import StackProblem
from compose.stack import EXAMPLE

SECRETS = [name for name in dotenv.read(EXAMPLE) if dotenv.is_secret(name)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def refusal(file: Path) -> str:
    with pytest.raises(StackProblem) as refused:
        dotenv.ensure(file, EXAMPLE)
    return str(refused.value)


def test_the_example_holds_no_secret():
    example = dotenv.read(EXAMPLE)
    assert len(SECRETS) > 15 and {example[name] for name in SECRETS} == {""}


def test_a_new_file_has_a_strong_secret_for_each_and_is_its_owners_alone(file):
    made = dotenv.ensure(file, EXAMPLE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len({made[name] for name in SECRETS}) == len(SECRETS)
    assert all(len(made[name]) >= 32 for name in SECRETS)
    assert made["BIND_ADDRESS"] == "127.0.0.1"


def test_it_is_private_whatever_the_umask(file):
    before = os.umask(0)
    try:
        dotenv.ensure(file, EXAMPLE)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_two_stacks_share_no_secret(tmp_path):
    first, second = (dotenv.ensure(tmp_path / name, EXAMPLE) for name in ("one", "two"))
    assert not {first[name] for name in SECRETS} & {second[name] for name in SECRETS}


def test_a_second_time_changes_nothing(file):
    dotenv.ensure(file, EXAMPLE)
    before = file.read_bytes()
    dotenv.ensure(file, EXAMPLE)
    assert file.read_bytes() == before


def test_what_a_person_has_set_stays_and_what_the_example_has_gained_is_added(file):
    dotenv.ensure(file, EXAMPLE)
    dotenv.set_value(file, "AIRFLOW_PORT", "9090")
    kept = dotenv.read(file)
    lines = [line for line in file.read_text().splitlines() if not line.startswith(("REDIS_PASSWORD", "MLFLOW_PORT"))]
    file.write_text("\n".join(lines) + "\n")
    made = dotenv.ensure(file, EXAMPLE)
    assert made["AIRFLOW_PORT"] == "9090" and made["MLFLOW_PORT"] == "5000"
    assert len(made["REDIS_PASSWORD"]) >= 32
    assert {name: kept[name] for name in SECRETS if name != "REDIS_PASSWORD"}.items() <= made.items()


@pytest.mark.parametrize(
    "value, reason",
    [
        ("password", "a word that everybody guesses"),
        ("Trainyard123", "a word that everybody guesses"),
        ("s3cure", "6 characters"),
        ("aaaaaaaaaaaaaaaaaaaa", "1 different characters"),
        ("with a space and @ sign", "holds other characters"),
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(file, value, reason):
    dotenv.ensure(file, EXAMPLE)
    dotenv.set_value(file, "REDIS_PASSWORD", value)
    said = refusal(file)
    assert f"REDIS_PASSWORD: {reason}" in said
    assert value not in said.replace("a word that everybody guesses", "").replace("password of PostgreSQL's", "")


def test_one_secret_for_two_servers_is_refused(file):
    made = dotenv.ensure(file, EXAMPLE)
    dotenv.set_value(file, "REDIS_PASSWORD", made["FEAST_DB_PASSWORD"])
    assert refusal(file).count("stands for 2 secrets at once") == 2


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused_with_the_remedy(file, mode):
    dotenv.ensure(file, EXAMPLE)
    file.chmod(mode)
    assert f"chmod 600 {file}" in refusal(file)


def test_git_ignores_it():
    assert ".env" in (EXAMPLE.parent / ".gitignore").read_text().splitlines()
