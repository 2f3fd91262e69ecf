"""The programs that start the services, as far as they can be tried without one."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from compose import images, recovery
from compose.__main__ import main
from compose.engine import Container
from compose.errors import StackProblem
from compose.stack import addresses, unhealthy
from pipelines.environment import REPO


def program(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, REPO / "docker" / path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_key_of_the_store_opens_its_own_bucket_only():
    start = program("object-store/start.py")
    variables = {f"S3_{name}_{part}": f"{name}{part}" for name in start.RIGHTS for part in ("KEY", "SECRET")}
    made = {one["name"]: one["actions"] for one in start.identities(variables)["identities"]}
    assert {action.partition(":")[2] for action in made["steps"]} == {"trainyard"}
    assert made["reader"] == ["Read:trainyard", "List:trainyard"]
    assert {action.partition(":")[2] for action in made["mlflow"]} == {"mlflow"}
    assert {action.partition(":")[2] for action in made["recovery"]} == {"trainyard", "mlflow"}
    assert "anonymous" not in json.dumps(made)


def test_a_key_that_is_missing_stops_the_store_instead_of_opening_it():
    with pytest.raises(KeyError, match="S3_ADMIN_KEY"):
        program("object-store/start.py").identities({})


def test_only_s3_of_the_store_listens_to_others():
    settings = program("object-store/start.py").SETTINGS.split()
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"} <= set(settings)


@pytest.mark.parametrize(
    "states, ended",
    [
        ([(True, 0.0), (False, 1.0), (False, 100.0)], [False, False, True]),
        ([(False, 0.0), (True, 80.0), (False, 81.0), (False, 160.0)], [False, False, False, False]),
    ],
)
def test_a_part_of_airflow_that_hangs_is_ended_only_after_a_while(tmp_path, states, ended):
    health = program("airflow/health.py")
    health.SINCE = tmp_path / "since"
    assert [health.has_hung(healthy, now) for healthy, now in states] == ended


def test_the_tag_of_a_clean_tree_is_its_commit_and_each_change_has_another(monkeypatch):
    commit = "0123456789abcdef" * 3
    told = {"rev-parse": commit, "diff": "", "ls-files": ""}
    monkeypatch.setattr(images, "_git", lambda *words: told[words[0]])
    assert images.tag() == commit[:12]
    told["diff"] = "one change"
    first = images.tag()
    told["diff"] = "another"
    assert first.startswith(f"{commit[:12]}-") and images.tag() != first


def test_what_goes_into_an_image_is_what_the_tag_is_made_of():
    assert {"pipelines/", "plugins/", "dags/", "docker/*.txt", "docker/*.Dockerfile"} <= set(images.sources())


def test_a_migration_has_to_end_well_and_a_server_to_be_healthy():
    told = [
        Container("databases", "exited", "", 0),
        Container("buckets", "exited", "", 1),
        Container("mlflow", "running", "starting", 0),
        Container("redis", "running", "healthy", 0),
        Container("evidently", "exited", "", 0),
    ]
    assert unhealthy(told) == ["buckets", "mlflow", "evidently"]


def test_addresses_are_those_of_the_settings():
    ports = {"AIRFLOW_PORT": "1", "MLFLOW_PORT": "2", "EVIDENTLY_PORT": "3", "FEATURES_PORT": "4", "S3_PORT": "5"}
    told = addresses({"BIND_ADDRESS": "0.0.0.0", "AIRFLOW_URL": "", **ports})
    assert [one.url for one in told[:2]] == ["http://127.0.0.1:1", "http://127.0.0.1:2"]
    assert addresses({"BIND_ADDRESS": "127.0.0.1", **ports, "AIRFLOW_URL": "https://a.example"})[0].url.startswith(
        "https"
    )


def test_without_an_engine_a_command_says_what_to_do(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("TRAINYARD_ENV_FILE", str(tmp_path / ".env"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert main(["status"]) == 2
    assert "No docker command is installed" in capsys.readouterr().err
    assert not (tmp_path / ".env").exists(), "no secrets before there is something to start"


def test_help_teaches_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(f"python -m compose {one}" in said for one in ("up", "demo", "status", "logs", "down"))


def test_months_are_checked_before_anything_starts(capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--months", "3"])
    assert "Allowed: 4 to 12" in capsys.readouterr().err


def test_backups_go_to_a_folder_that_the_caller_owns_and_others_do_not_see(tmp_path):
    folder = recovery._own_folder(tmp_path / "backups")
    assert folder.stat().st_mode & 0o777 == 0o700
    others = Path("/")
    if os.getuid() == 0:
        others = tmp_path / "others"
        others.mkdir()
        os.chown(others, 65534, 65534)
    with pytest.raises(StackProblem, match=r"belongs to the user \d+.*BACKUPS="):
        recovery._own_folder(others)
