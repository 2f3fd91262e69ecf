"""`/trainyard/metrics` of Airflow's own API application, with its plugins and its users."""

import json
import sys

import pytest

from plugins.web import metrics

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


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver:5000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    ],
    ids=str,
)
def test_a_page_of_another_origin_is_refused_whatever_it_asks(client, token, monkeypatch, headers):
    monkeypatch.setattr(metrics, "PROGRAM", (sys.executable, "-c", "raise SystemExit('a process was started')"))
    client.cookies.set("_token", token)
    try:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = client.request(method, "/trainyard/metrics", headers=headers)
            assert (answer.status_code, "another origin" in answer.text) == (403, True), answer.text
    finally:
        client.cookies.clear()


@pytest.mark.parametrize("headers", [{"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_airflows_own_page_may_read_it_with_the_cookie_and_write_nothing(client, token, monkeypatch, headers):
    monkeypatch.setattr(metrics, "PROGRAM", (sys.executable, "-c", "print('trainyard_up 1')"))
    client.cookies.set("_token", token)
    try:
        assert client.get("/trainyard/metrics", headers=headers).text == "trainyard_up 1\n"
        assert client.post("/trainyard/metrics", headers=headers).status_code == 405
    finally:
        client.cookies.clear()


def test_no_route_of_ours_answers_who_has_not_logged_in(client):
    from plugins.airflow_plugin import TrainyardPlugin

    asked = 0
    for mounted in TrainyardPlugin().fastapi_apps:
        for route in mounted["app"].routes:
            for method in route.methods:
                answer = client.request(method, f"{mounted['url_prefix']}{route.path}")
                assert answer.status_code in (401, 403), f"{method} {route.path}: {answer.status_code}"
                asked += 1
    assert asked
