"""Airflow's own API application with our plugin, its users by role, and a store with a model's story."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.champions import Champion, promote
from pipelines.gates.attempts import journal_evaluation
from pipelines.journal import Event, record
from pipelines.store import Store
from tests.plugins import airflow_home  # noqa: F401  (before anything imports Airflow)

ROLES = ("viewer", "user", "op", "admin")
MARCH, APRIL, MAY = (datetime(2013, month, 1, tzinfo=UTC) for month in (3, 4, 5))


@pytest.fixture(scope="package")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client that nobody has logged in yet."""
    from airflow.api_fastapi.app import create_app, purge_cached_app
    from airflow.utils.db import initdb
    from fastapi.testclient import TestClient

    initdb()
    passwords = tmp_path_factory.mktemp("users") / "passwords.json"
    passwords.write_text(json.dumps({role: f"of-{role}" for role in ROLES}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "of these tests, and long enough for its algorithm" * 2)
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "False")
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ",".join(f"{role}:{role}" for role in ROLES))
        environment.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
        purge_cached_app()
        with TestClient(create_app(apps="core")) as client:
            yield client


@pytest.fixture(scope="package")
def tokens(airflow: Any) -> dict[str, str]:
    """By role."""
    asked = {role: {"username": role, "password": f"of-{role}"} for role in ROLES}
    return {role: airflow.post("/auth/token", json=told).json()["access_token"] for role, told in asked.items()}


@pytest.fixture(scope="package")
def dags(airflow: Any) -> None:
    """The models' DAGs as rows of Airflow's database, as its DAG processor leaves them."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    names = ["flights__data", *(f"flight_delay__{family}" for family in ("train", "predict", "monitor", "rollback"))]
    with create_session() as session:
        session.merge(DagBundleModel(name="of-these-tests"))
        session.flush()
        for name in names:
            due = datetime(2014, 1, 1, tzinfo=UTC)
            session.merge(
                DagModel(
                    dag_id=name,
                    bundle_name="of-these-tests",
                    is_stale=False,
                    is_paused=name.endswith("monitor"),
                    next_dagrun_create_after=due,
                )
            )


@pytest.fixture
def ask(airflow: Any, dags: None, tokens: dict[str, str]) -> Callable[..., Any]:
    """GET, or POST where there is a body, below /trainyard as a user of a role."""

    def asked(path: str, role: str = "viewer", body: Any = None, **headers: str) -> Any:
        told = {"Authorization": f"Bearer {tokens[role]}", **headers}
        if body is None:
            return airflow.get(f"/trainyard/{path}", headers=told, follow_redirects=False)
        return airflow.post(f"/trainyard/{path}", headers=told, json=body)

    return asked


def judged(store: Store, version: int, at: datetime, verdict: str, against: int | None, sentence: str = "") -> None:
    told = {"version": version, "champion_version": against, "attempt": 1, "verdict": verdict, "sentence": sentence}
    journal_evaluation(store, "flight_delay", at, told | {"digest": f"{version:064}", "record": "0" * 64})


def quality(part: str, version: int, value: float, final: bool = True) -> dict[str, Any]:
    told = {"low": value - 0.02, "high": value + 0.02, "labelled": 0.97 if final else 0.4, "final": final}
    return {"part": part, "version": version, "metric": "auc", "value": value, **told}


@pytest.fixture
def told(store: Store) -> Store:
    """Version 1 in force since March by its gates, April's drift critical, and a version 2 that failed a gate."""
    judged(store, 1, MARCH, "pass", None, "version 1 passes all 14 gates, the first")
    promote(store, "flight_delay", Champion(1, "a" * 32, MARCH, MARCH), "1".zfill(64))
    drift = {"part": "2013-03", "severity": "critical", "reasons": ["critical: auc lost .06"], "cause": "concept_shift"}
    drift |= {"sentence": "auc lost .06 since 2013-03.", "quality": [quality("2013-03", 1, 0.68)]}
    record(store, Event("drift", "flight_delay", APRIL, drift))
    decision = {"part": "2013-03", "decision": "retrain", "reason": "quality is lost", "acted_on": [], "triggers": True}
    record(store, Event("decision", "flight_delay", APRIL, decision))
    judged(store, 2, APRIL, "fail", 1, "version 2 fails versus_champion on auc: it stays a candidate")
    for part, status in (("2013-01", "passed"), ("2013-02", "warning"), ("2013-03", "failed")):
        ended = datetime(2013, int(part[-2:]) + 1, 1, tzinfo=UTC)
        checked = {"part": part, "status": status, "reasons": ["a wind of 1,048 mph"], "digests": {}}
        record(store, Event("validation", "flights", ended, checked))
        if status != "failed":
            record(store, Event("validated", "flights", ended, {"part": part, "rows": 27_004, "versions": {}}))
    return store


@pytest.fixture
def tomorrow() -> str:
    return f"{datetime.now(UTC) + timedelta(days=2):%F}"
