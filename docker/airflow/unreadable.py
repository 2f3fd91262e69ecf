"""What Airflow's database holds under another Fernet key, as after a restore with new secrets; run at every start.

A waiting task whose trigger cannot be read would end the triggerer each time that it starts: it fails instead, and is
tried again. Connections and variables stay as they are, for whoever adds the old key to AIRFLOW_FERNET_KEY.
"""

from typing import Any

from airflow.models import Connection, Variable
from airflow.models.trigger import Trigger
from airflow.utils.session import create_session
from cryptography.fernet import InvalidToken
from sqlalchemy import select
from sqlalchemy.orm import Session

WHY = "what it waited for is encrypted with another AIRFLOW_FERNET_KEY; see docs/recovery.md"


def unreadable(session: Session, model: Any) -> list[Any]:
    """The rows that this stack's key does not open."""
    found = []
    for row in session.scalars(select(model)).all():
        try:
            # Reads and encrypts anew, for each kind of row in its own columns; never committed.
            row.rotate_fernet_key()
        except InvalidToken:
            found.append(row)
    session.rollback()
    return found


def fail_waiting(session: Session) -> int:
    """Fail the tasks that wait for unreadable triggers; how many triggers went."""
    triggers = unreadable(session, Trigger)
    for trigger in triggers:
        Trigger.submit_failure(trigger.id, [WHY], session=session)
        session.flush()
        session.refresh(trigger)
        session.delete(trigger)
    return len(triggers)


def main() -> None:
    with create_session() as session:
        names = [f"connection {row.conn_id}" for row in unreadable(session, Connection)]
        names += [f"variable {row.key}" for row in unreadable(session, Variable)]
        failed = fail_waiting(session)
    if names:
        print(f"not readable with this AIRFLOW_FERNET_KEY, see docs/recovery.md: {', '.join(names)}")
    print(f"waiting tasks whose trigger could not be read, and that are tried again: {failed}")


if __name__ == "__main__":
    main()
