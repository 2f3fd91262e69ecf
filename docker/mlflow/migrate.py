"""Bring MLflow's tables, and those of its accounts, to this version, and make the two accounts that are always there.

The passwords of both become those of .env, at every start.
"""

import os

import auth
from mlflow.store.db import utils


def migrate(database: str) -> str:
    """Make the tables, or upgrade them; returns what was done."""
    engine = utils.create_sqlalchemy_engine_with_retry(database)
    if utils._is_empty_database(engine):
        utils._initialize_tables(engine)
        return "made"
    utils._upgrade_db(engine)
    return "upgraded where they were older"


def ensure_account(accounts: object, name: str, password: str, is_admin: bool) -> None:
    if not accounts.has_user(name):
        accounts.create_user(name, password, is_admin=is_admin)
    elif not accounts.authenticate_user(name, password):
        accounts.update_user(name, password=password)
    print(f"account {name}: {'administrator' if is_admin else 'owns what it makes, reads the rest'}")


def main() -> None:
    database = os.environ["MLFLOW_BACKEND_STORE_URI"]
    print(f"MLflow's tables: {migrate(database)}")
    auth.write()
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    accounts = SqlAlchemyStore()
    accounts.init_db(database)
    ensure_account(
        accounts, os.environ["MLFLOW_AUTH_ADMIN_USERNAME"], os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"], is_admin=True
    )
    ensure_account(accounts, "steps", os.environ["MLFLOW_STEPS_PASSWORD"], is_admin=False)


if __name__ == "__main__":
    main()
