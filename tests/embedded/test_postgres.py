"""Where PostgreSQL's socket lies, and what is done about the pid file of a killed server."""

import os
import shutil
import stat
import subprocess
import sys

import pytest

from embedded import postgres
from embedded.home import Home


def made(root):
    home = Home(root)
    home.pg.mkdir(parents=True)
    return home


def test_a_short_path_keeps_the_socket_in_the_data_folder(tmp_path_factory):
    home = made(tmp_path_factory.mktemp("h"))
    assert postgres.ensure_socket_folder(home) == home.pg


def test_a_long_path_gets_a_short_private_folder_that_is_remembered(tmp_path):
    home = made(tmp_path / ("x" * 100))
    folder = postgres.ensure_socket_folder(home)
    try:
        assert len(f"{folder}{postgres.SOCKET_NAME}") <= postgres.SOCKET_PATH_BYTES
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert postgres.ensure_socket_folder(home) == folder
    finally:
        folder.rmdir()


def test_a_lost_socket_folder_is_replaced(tmp_path):
    home = made(tmp_path / ("x" * 100))
    postgres.ensure_socket_folder(home).rmdir()
    folder = postgres.ensure_socket_folder(home)
    assert folder.is_dir()
    folder.rmdir()


def test_a_url_escapes_the_path(tmp_path):
    assert postgres.url(tmp_path / "a b&c", "feast").endswith("/feast?host=" + str(tmp_path) + "/a%20b%26c")


def locks(home, pid):
    """Both lock files of a server with this pid, beside each other as with a short path."""
    made = (home.pg / "postmaster.pid", home.pg / ".s.PGSQL.5432.lock")
    for lock in made:
        lock.write_text(f"{pid}\n{home.pg}\n")
    return made


def test_the_locks_of_another_program_are_forgotten(tmp_path):
    home = made(tmp_path)
    left = locks(home, os.getpid())
    postgres.forget_dead_server(home, home.pg)
    assert not any(lock.exists() for lock in left)


def test_the_locks_of_an_unreaped_server_are_forgotten(tmp_path):
    home = made(tmp_path)
    killed = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=home.pg)
    left = locks(home, killed.pid)
    killed.kill()
    os.waitid(os.P_PID, killed.pid, os.WEXITED | os.WNOWAIT)
    postgres.forget_dead_server(home, home.pg)
    assert not any(lock.exists() for lock in left)
    killed.wait()


def test_the_locks_of_a_living_server_are_kept(tmp_path):
    home = made(tmp_path)
    program = tmp_path / "postgres"
    shutil.copy("/bin/sleep", program)
    server = subprocess.Popen([str(program), "60"], cwd=home.pg)
    try:
        left = locks(home, server.pid)
        postgres.forget_dead_server(home, home.pg)
        assert all(lock.exists() for lock in left)
    finally:
        server.kill()
        server.wait()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives PostgreSQL a user of its own")
def test_a_closed_way_is_opened_to_pass_but_not_to_read(tmp_path):
    closed = tmp_path / "closed"
    home = made(closed / "home")
    closed.chmod(0o700)
    postgres.prepare_start(home, home.pg)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o701


def test_ready_is_what_the_server_says(tmp_path):
    home = made(tmp_path)
    assert not postgres.is_ready(home)
    (home.pg / "postmaster.pid").write_text("1\n2\n3\n4\n5\n6\n7\nstarting\n")
    assert not postgres.is_ready(home)
    (home.pg / "postmaster.pid").write_text("1\n2\n3\n4\n5\n6\n7\nready   \n")
    assert postgres.is_ready(home)
