"""Airflow's roles, with their rights by DAG, and the administrator's account; run at every start.

| role        | may |
| Viewer      | look at everything but connections, variables and configuration (Airflow's own role) |
| model_owner | also run, clear and backfill the DAGs of the datasets and models, but for rollback |
| approver    | also answer what a training asks a person, and roll back; runs no training |
| Admin       | everything, users included (Airflow's own role) |
"""

import os
from collections.abc import Iterable

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from airflow.providers.fab.www.security import permissions as fab

from pipelines.flow import FAMILIES
from pipelines.spec import load_datasets, sound_models

Right = tuple[str, str]
READ, EDIT, CREATE, DELETE = (
    fab.ACTION_CAN_READ,
    fab.ACTION_CAN_EDIT,
    fab.ACTION_CAN_CREATE,
    fab.ACTION_CAN_DELETE,
)
VIEWER: list[Right] = list(FabAirflowSecurityManagerOverride.VIEWER_PERMISSIONS)


def dag_ids() -> list[str]:
    """Of everything that is declared."""
    models = [f"{model}__{family}" for model in sound_models() for family in FAMILIES if family != "data"]
    return [*(f"{dataset}__data" for dataset in load_datasets()), *models]


def model_owner(dags: Iterable[str]) -> list[Right]:
    own = [(EDIT, fab.resource_name(dag, fab.RESOURCE_DAG)) for dag in dags if not dag.endswith("__rollback")]
    runs = [(action, fab.RESOURCE_DAG_RUN) for action in (CREATE, EDIT, DELETE)]
    tasks = [(action, fab.RESOURCE_TASK_INSTANCE) for action in (CREATE, EDIT)]
    backfills = [(action, fab.RESOURCE_BACKFILL) for action in (CREATE, EDIT)]
    return [*VIEWER, *own, *runs, *tasks, *backfills]


def approver(dags: Iterable[str]) -> list[Right]:
    """The right to run is by DAG: the one over all runs would, with the right to answer a training, start one."""
    asking = [dag for dag in dags if dag.endswith(("__train", "__rollback"))]
    answers = [(EDIT, fab.resource_name(dag, fab.RESOURCE_DAG)) for dag in asking]
    rollbacks = [(CREATE, fab.resource_name(dag, fab.RESOURCE_DAG_RUN)) for dag in asking if dag.endswith("__rollback")]
    return [*VIEWER, (EDIT, fab.RESOURCE_HITL_DETAIL), *answers, *rollbacks]


def set_rights(security: FabAirflowSecurityManagerOverride, role_name: str, wanted: Iterable[Right]) -> None:
    """Make a role's rights exactly those."""
    role = security.add_role(role_name)
    permissions = [security.create_permission(action, resource) for action, resource in dict.fromkeys(wanted)]
    for permission in list(role.permissions):
        if permission not in permissions:
            security.remove_permission_from_role(role, permission)
    for permission in permissions:
        security.add_permission_to_role(role, permission)
    print(f"role {role_name}: {len(permissions)} rights")


def set_administrator(security: FabAirflowSecurityManagerOverride, password: str) -> None:
    found = security.find_user(username="admin")
    if found is None:
        admin = security.find_role("Admin")
        found = security.add_user("admin", "Admin", "Trainyard", "admin@localhost", admin, password=password)
        if not found:
            raise SystemExit("Airflow refused to make the account admin: see the lines above")
    else:
        security.reset_password(found.id, password)
    print("account admin: its password is AIRFLOW_ADMIN_PASSWORD of .env")


def main() -> None:
    with get_application_builder() as appbuilder:
        security = appbuilder.sm
        appbuilder.add_permissions(update_perms=True)
        security.sync_roles()
        dags = dag_ids()
        set_rights(security, "model_owner", model_owner(dags))
        set_rights(security, "approver", approver(dags))
        set_administrator(security, os.environ["AIRFLOW_ADMIN_PASSWORD"])


if __name__ == "__main__":
    main()
