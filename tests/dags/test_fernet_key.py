"""After a restore with another Fernet key, what Airflow kept under the old one stops nothing."""

import importlib.util

import pytest
from cryptography.fernet import Fernet

from pipelines.environment import REPO
from pipelines.interval import partition_interval
from tests.dags.test_run_alerts import made_run

pytestmark = pytest.mark.slow


def use(monkeypatch, keys: str) -> None:
    from airflow.models import crypto

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", keys)
    crypto.get_fernet.cache_clear()


@pytest.fixture
def keys(monkeypatch):
    """The old one, which is in force, and a new one."""
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    use(monkeypatch, old)
    yield old, new
    monkeypatch.undo()
    use(monkeypatch, Fernet.generate_key().decode())


@pytest.fixture
def waiting(keys, bag):
    """A task that waits for a trigger, and a variable, both written with the old key; says the task's state."""
    from airflow.models import DagRun, TaskInstance, Variable
    from airflow.models.trigger import Trigger
    from airflow.utils.db import initdb
    from airflow.utils.session import create_session
    from sqlalchemy import delete, select

    initdb()
    run_id = "waits"
    made_run(bag, run_id, partition_interval("2013-04", "month"), "manual", "running")
    with create_session() as session:
        trigger = Trigger("airflow.providers.standard.triggers.hitl.HITLTrigger", {"ti_id": "1"})
        session.add(trigger)
        session.flush()
        found = session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id)).first()
        found.state, found.trigger_id = "deferred", trigger.id
        task = select(TaskInstance).where(TaskInstance.id == found.id)
    Variable.set("kept", "value")

    def told() -> tuple[str, str | None, int]:
        with create_session() as session:
            found = session.scalars(task).one()
            return str(found.state), found.next_method, len(session.scalars(select(Trigger)).all())

    yield told
    with create_session() as session:
        session.execute(delete(Trigger))
        session.execute(delete(DagRun).where(DagRun.run_id == run_id))


def look() -> None:
    spec = importlib.util.spec_from_file_location("unreadable", REPO / "docker" / "airflow" / "unreadable.py")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.main()


def test_a_task_that_waits_for_what_cannot_be_read_fails_and_a_variable_is_named(waiting, keys, monkeypatch, capsys):
    use(monkeypatch, keys[1])
    look()
    assert waiting() == ("scheduled", "__fail__", 0)
    said = capsys.readouterr().out
    assert "AIRFLOW_FERNET_KEY, see docs/recovery.md: variable kept" in said and "tried again: 1" in said


def test_with_the_old_key_beside_the_new_one_it_goes_on_waiting(waiting, keys, monkeypatch, capsys):
    use(monkeypatch, f"{keys[1]},{keys[0]}")
    look()
    assert waiting()[0::2] == ("deferred", 1) and "tried again: 0" in capsys.readouterr().out
