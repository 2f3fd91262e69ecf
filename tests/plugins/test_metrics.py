"""`/trainyard/metrics` of Airflow's own API application, with its plugins and its users."""

import json
import sys

import pytest

from plugins import metrics

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    passwords = tmp_path_factory.mktemp("users") / "passwords.json"
    passwords.write_text(json.dumps({"scraper": "of-these-tests"}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "of these tests, and long enough for its algorithm" * 2)
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "scraper:viewer")
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
        with TestClient(create_app(apps="core")) as client:
            yield client


@pytest.fixture(scope="module")
def token(client):
    """Of a user with the least of rights."""
    asked = client.post("/auth/token", json={"username": "scraper", "password": "of-these-tests"})
    assert asked.status_code == 201, asked.text
    return asked.json()["access_token"]


def test_nobody_reads_it_without_a_token(client):
    assert client.get("/trainyard/metrics").status_code == 401


def test_a_user_reads_what_the_command_prints(client, token, store):
    answer = client.get("/trainyard/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == metrics.EXPOSITION
    assert 'trainyard_alerts_open{model="flight_delay",severity="critical"} 0.0' in answer.text


@pytest.mark.parametrize(
    "program, told",
    [("import sys; sys.exit('no such store')", "no such store"), ("import time; time.sleep(60)", "took more than")],
)
def test_what_fails_or_takes_too_long_is_no_empty_scrape(client, token, monkeypatch, program, told):
    monkeypatch.setattr(metrics, "PROGRAM", (sys.executable, "-c", program))
    monkeypatch.setattr(metrics, "LONGEST_S", 2)
    answer = client.get("/trainyard/metrics", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, told in answer.text) == (503, True), answer.text
