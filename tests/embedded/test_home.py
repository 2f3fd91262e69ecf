"""The stack's folder: secrets stay private and stable, the environment file says where the servers are."""

import json
import stat

from embedded.home import (
    Home,
    ensure_passwords,
    ensure_secrets,
    read_env_file,
    shared_environment,
    write_env_file,
    write_private,
)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_private_and_kept(tmp_path):
    home = Home(tmp_path)
    home.make()
    first = ensure_secrets(home)
    assert ensure_secrets(home) == first
    assert mode(home.secrets_file) == mode(home.passwords_file) == 0o600
    assert json.loads(home.passwords_file.read_text()) == {"admin": first["admin_password"]}


def test_every_user_has_a_password_of_their_own_and_keeps_it(tmp_path):
    home = Home(tmp_path)
    home.make()
    admin = ensure_secrets(home)["admin_password"]
    ensure_passwords(home, ["admin", "ana"])
    first = json.loads(home.passwords_file.read_text())
    ensure_passwords(home, ["admin", "ana", "ben"])
    then = json.loads(home.passwords_file.read_text())
    assert first["admin"] == then["admin"] == admin and then["ana"] == first["ana"]
    assert len(set(then.values())) == 3 and mode(home.passwords_file) == 0o600


def test_two_homes_have_different_secrets(tmp_path):
    homes = [Home(tmp_path / name) for name in ("one", "two")]
    for home in homes:
        home.make()
    first, second = (ensure_secrets(home) for home in homes)
    assert not set(first.values()) & set(second.values())


def test_a_private_file_replaces_an_open_one(tmp_path):
    path = tmp_path / "env"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)


def test_the_env_file_is_read_as_written(tmp_path):
    home = Home(tmp_path)
    written = shared_environment(home, 8080, 5000, "postgresql+psycopg2://postgres@/feast?host=/a%20b")
    write_env_file(home, written)
    assert read_env_file(home) == written
    assert mode(home.env_file) == 0o600
    assert written["TRAINYARD_STORE"] == str(tmp_path / "store")
    assert written["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5000"


def test_no_secret_stands_in_the_env_file(tmp_path):
    home = Home(tmp_path)
    home.make()
    secrets = ensure_secrets(home)
    write_env_file(home, shared_environment(home, 8080, 5000, "postgresql://"))
    assert not any(secret in home.env_file.read_text() for secret in secrets.values())


def test_before_the_first_start_there_is_no_environment(tmp_path):
    assert read_env_file(Home(tmp_path)) == {}
