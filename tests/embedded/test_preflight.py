"""Each obstacle on a machine is one line that carries its remedy."""

import json
import os
import socket
import subprocess
import sys

import pytest

from embedded import preflight
from embedded.settings import free_ports


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 4), (3, 13, 1)])
def test_a_python_of_the_lock_is_accepted(version):
    assert preflight.python_problem(version) is None


@pytest.mark.parametrize("version", [(3, 8, 10), (3, 10, 2), (3, 14, 0)])
def test_another_python_is_named_with_the_remedy(version):
    problem = preflight.python_problem(version)
    assert f"Python {version[0]}.{version[1]} found" in problem
    assert "PYTHON=python3.12 make demo" in problem


def test_a_missing_venv_module_names_the_package():
    assert "python3-venv" in preflight.venv_problem(has_module=lambda name: None)


def test_uv_makes_ensurepip_unnecessary():
    def only_venv(name):
        return object() if name == "venv" else None

    assert preflight.venv_problem(uv="/usr/bin/uv", has_module=only_venv) is None
    assert "ensurepip" in preflight.venv_problem(uv=None, has_module=only_venv)


def test_too_little_disk_says_found_and_needed(tmp_path):
    problem = preflight.disk_problem(tmp_path / "not" / "there", 6 * preflight.GIB, free=preflight.GIB)
    assert "1.0 GB free, 6 GB needed" in problem
    assert "TRAINYARD_HOME" in problem


def test_alpine_and_windows_are_refused_with_an_alternative():
    assert "glibc" in preflight.system_problem("Linux", "")
    assert "WSL" in preflight.system_problem("Windows", "")


def test_root_without_useradd_is_told_which_package():
    assert "passwd" in preflight.postgres_user_problem(euid=0, which=lambda name, path: None)
    assert preflight.postgres_user_problem(euid=1000, which=lambda name, path: None) is None


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_taken_port_names_the_variable_and_another_port(taken_port):
    problem = preflight.port_problem(taken_port, "AIRFLOW_PORT")
    assert f"Port {taken_port} is in use" in problem
    assert f"AIRFLOW_PORT={taken_port + 1}" in problem


def test_a_port_of_our_own_stack_is_no_obstacle(taken_port):
    assert preflight.port_problem(taken_port, "AIRFLOW_PORT", ours=(taken_port,)) is None


def test_the_ports_of_a_dead_stack_are_not_ours(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "state.json").write_text(json.dumps({"pid": dead.pid, "ports": {"airflow_port": 8080}}))
    assert preflight.own_ports(tmp_path) == ()
    (tmp_path / "state.json").write_text(json.dumps({"pid": os.getpid(), "ports": {"airflow_port": 8080}}))
    assert preflight.own_ports(tmp_path) == (8080,)


@pytest.mark.parametrize("text", ["http", "0", "70000", "-1"])
def test_a_port_variable_that_is_no_port_is_named(text):
    with pytest.raises(ValueError, match=r"AIRFLOW_PORT=.*Allowed: 1 to 65535"):
        preflight.ports_asked({"AIRFLOW_PORT": text})


def test_one_port_for_both_servers_is_refused():
    with pytest.raises(ValueError, match="both 5000"):
        preflight.ports_asked({"AIRFLOW_PORT": "5000"})


def test_people_who_approve_are_added_to_the_administrator():
    assert preflight.users_asked({}) == "admin:admin"
    assert preflight.users_asked({"TRAINYARD_USERS": "ana:user, vic:viewer"}) == "admin:admin,ana:user,vic:viewer"


@pytest.mark.parametrize("text", ["ana", "ana:boss", "admin:viewer", "a na:user", "ana:user:team"])
def test_users_that_are_none_are_named(text):
    with pytest.raises(ValueError, match=f"TRAINYARD_USERS has '{text}'"):
        preflight.users_asked({"TRAINYARD_USERS": text})
    assert any(
        "TRAINYARD_USERS" in problem for problem in preflight.start_problems({"TRAINYARD_USERS": text}) if problem
    )


def test_the_command_prints_one_line_and_exits_2(tmp_path, taken_port):
    (free,) = free_ports(1)
    environment = {**os.environ, "TRAINYARD_HOME": str(tmp_path), "AIRFLOW_PORT": str(taken_port)}
    command = [sys.executable, preflight.__file__]
    done = subprocess.run(
        command, env={**environment, "MLFLOW_PORT": str(free)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"trainyard: Port {taken_port} is in use")
