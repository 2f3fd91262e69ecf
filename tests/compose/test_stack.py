"""The stack as a team runs it: built, started, refused, run through the loop, broken, and taken away again.

Needs a Docker engine, some 12 GB of disk and 15 minutes: `make test-stack`. The digests are compared with those of a
one-machine stack where TRAINYARD_COMPARE names its store, of these months or more, made by the images' Python version.
TRAINYARD_TEST_STACK names the .env of a stack that runs already: it is used, broken and left as it is.
"""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from compose import dotenv
from compose.stack import ONCE, addresses
from tests.compose.running import MONTHS, Running, download
from tests.system.loop import differences, digests

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(3600)]
JANUARY = ("--start=2013-01-01", "--end=2013-02-01")
# Of the store: what `digests` reads.
DIGESTED = ("candidates", "features/flights/_manifests", "joined", "predictions_manifests", "drift")


def status_of(url: str, **headers: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def test_all_serve_and_a_second_start_changes_nothing(stack):
    before = stack.ids()
    said = stack.compose("up")
    assert stack.ids() == before and "healthy after" in said
    assert not set(before) & set(ONCE)
    assert "all healthy" in stack.compose("status")


@pytest.mark.parametrize(
    "name, path",
    [
        ("Airflow", "/api/v2/dags"),
        ("Airflow", "/api/v2/dags/flight_delay__train/dagRuns"),
        ("Airflow", "/api/v2/connections"),
        ("Airflow", "/ui/config"),
        ("Airflow", "/trainyard/metrics"),
        ("Airflow", "/auth/fab/v1/users"),
        ("MLflow", "/"),
        ("MLflow", "/api/2.0/mlflow/registered-models/search"),
        ("MLflow", "/api/2.0/mlflow-artifacts/artifacts"),
        ("MLflow", "/ajax-api/2.0/mlflow/experiments/search?max_results=1"),
        ("Feast", "/"),
        ("Feast", "/get-online-features"),
        ("Feast", "/docs"),
        ("Feast", "/openapi.json"),
        ("Evidently", "/"),
        ("Evidently", "/api/projects"),
        ("S3", "/"),
        ("S3", "/trainyard"),
        ("S3", "/mlflow?list-type=2"),
        ("S3", "/trainyard/store/journal/_delta_log/00000000000000000000.json"),
    ],
)
def test_who_has_no_account_is_refused(stack, name, path):
    url = next(one.url for one in addresses(stack.settings) if one.name == name)
    assert status_of(url + path) in (401, 403)
    assert status_of(url + path, Authorization="Basic dHJhaW55YXJkOnRyYWlueWFyZA==") in (400, 401, 403)


@pytest.mark.parametrize("role", ["airflow", "mlflow", "feast"])
def test_a_role_reads_its_own_database_alone(stack, role):
    password = stack.settings[f"{role.upper()}_DB_PASSWORD"]
    for database in ("airflow", "mlflow", "feast", "postgres"):
        ask = ("psql", "--host=127.0.0.1", f"--username={role}", f"--dbname={database}", "--command=SELECT 1")
        code, said = stack.inside("postgres", *ask, PGPASSWORD=password)
        assert (code == 0) is (database == role), said
        assert code == 0 or "permission denied for database" in said


def test_redis_asks_for_a_password_and_feasts_user_manages_nothing(stack):
    assert "NOAUTH" in stack.inside("redis", "redis-cli", "DBSIZE")[1]
    feast = {"REDISCLI_AUTH": stack.settings["REDIS_PASSWORD"]}
    assert "PONG" in stack.inside("redis", "redis-cli", "--user", "feast", "PING", **feast)[1]
    for forbidden in ("CONFIG GET *", "FLUSHALL", "ACL LIST", "SHUTDOWN"):
        assert "NOPERM" in stack.inside("redis", "redis-cli", "--user", "feast", *forbidden.split(), **feast)[1]


def test_a_key_of_the_store_opens_its_bucket_alone(stack):
    import boto3
    from botocore.exceptions import ClientError

    url = next(one.url for one in addresses(stack.settings) if one.name == "S3")

    def client(name: str):
        secret = stack.settings[f"S3_{name.upper()}_SECRET"]
        return boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id=name, aws_secret_access_key=secret
        )

    client("steps").put_object(Bucket="trainyard", Key="probe", Body=b"1")
    assert client("reader").get_object(Bucket="trainyard", Key="probe")["Body"].read() == b"1"
    for name, bucket in (("reader", "trainyard"), ("steps", "mlflow"), ("mlflow", "trainyard")):
        with pytest.raises(ClientError, match="AccessDenied"):
            client(name).put_object(Bucket=bucket, Key="probe", Body=b"2")


@pytest.fixture(scope="module")
def people(stack: Running) -> Iterator[dict[str, httpx.Client]]:
    """Airflow's REST as one person of each role, and as the administrator."""
    url = next(one.url for one in addresses(stack.settings) if one.name == "Airflow")
    admin = logged_in(url, "admin", stack.settings["AIRFLOW_ADMIN_PASSWORD"])
    password, found = dotenv.new_secret("A_PASSWORD"), {"Admin": admin}
    for role in ("Viewer", "model_owner", "approver"):
        named = {name: f"test-{role.lower()}" for name in ("username", "first_name", "last_name")}
        person = {**named, "email": f"{role}@example.com", "roles": [{"name": role}], "password": password}
        made = admin.post("/auth/fab/v1/users", json=person)
        assert made.is_success, made.text
        found[role] = logged_in(url, named["username"], password)
    yield found
    for role in ("Viewer", "model_owner", "approver"):
        assert admin.delete(f"/auth/fab/v1/users/test-{role.lower()}").is_success


def logged_in(url: str, name: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=60, trust_env=False)
    answer = client.post("/auth/token", json={"username": name, "password": password})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


@pytest.mark.parametrize(
    "method, path, allowed",
    [
        ("GET", "/api/v2/dags/flight_delay__train", {"Viewer", "model_owner", "approver", "Admin"}),
        ("PATCH", "/api/v2/dags/flight_delay__backtest", {"model_owner", "Admin"}),
        ("POST", "/api/v2/dags/flight_delay__backtest/dagRuns", {"model_owner", "Admin"}),
        ("POST", "/api/v2/dags/flight_delay__train/dagRuns", {"model_owner", "Admin"}),
        ("POST", "/api/v2/dags/flight_delay__rollback/dagRuns", {"approver", "Admin"}),
        ("GET", "/api/v2/connections", {"Admin"}),
        ("GET", "/api/v2/variables", {"Admin"}),
        ("GET", "/auth/fab/v1/users", {"Admin"}),
    ],
)
def test_a_role_may_do_with_a_dag_what_it_is_for(people, method, path, allowed):
    """A body that Airflow refuses, so that nothing runs: who may not is told so before the body is looked at."""
    may = {
        role: people[role].request(method, path, json=None if method == "GET" else {"is_paused": "perhaps"})
        for role in people
    }
    assert {role for role, answer in may.items() if answer.status_code != 403} == allowed, may
    assert not any(answer.is_success for answer in may.values()) or method == "GET"


def test_nothing_answers_beyond_this_machine(stack):
    ports = stack.engine.run("ps", "--format", "{{.Ports}}")
    published = re.findall(r"([\d.:\[\]]+):\d+->", ports)
    assert len(published) >= 5 and set(published) == {"127.0.0.1"}


def test_no_server_runs_as_root_or_can_become_it(stack):
    for service in stack.ids():
        code, said = stack.inside(service, "sh", "-c", "id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status; touch /x")
        assert code != 0 and "Read-only" in said
        user, *status = said.split("\n")
        assert int(user) > 0 and status[0].split() == ["CapEff:", "0000000000000000"]
        assert status[1].split() == ["NoNewPrivs:", "1"]


def test_the_loop_runs_in_it_and_gives_what_one_machine_gives(looped, tmp_path):
    store = download(looped.settings, tmp_path, *DIGESTED)
    assert len(digests(store)) > MONTHS
    if compared := os.environ.get("TRAINYARD_COMPARE"):
        assert differences(store, Path(compared)) == set()


def test_an_earlier_month_never_replaces_what_is_online(looped):
    """January again, by the command that Airflow runs."""
    code, said = looped.ask("materialize", "--dataset=flights", *JANUARY)
    assert code == 99 and "stays offline only" in said, said


@pytest.mark.parametrize("service", ["redis", "postgres", "object-store", "mlflow", "airflow-scheduler"])
def test_a_server_that_is_killed_comes_back(stack, service):
    pid = subprocess.run(
        ["docker", "inspect", "--format={{.State.Pid}}", stack.ids()[service]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    try:
        os.kill(int(pid), 9)
    except (PermissionError, ProcessLookupError) as problem:
        pytest.skip(f"the engine's processes are not ours to kill: {problem}")
    deadline = time.monotonic() + 300
    while not stack.engine.containers()[service].serves or inspected(stack, service, "{{.RestartCount}}") == "0":
        assert time.monotonic() < deadline, stack.engine.log_end(service)
        time.sleep(2)


def inspected(stack: Running, service: str, form: str) -> str:
    asked = ["docker", "inspect", f"--format={form}", stack.ids()[service]]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
