"""Who may see and do what: Airflow's own users and rights, asked through its manager of users."""

from collections.abc import Callable
from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dag import DagModel
from fastapi import HTTPException

# What a button asks of Airflow, on which family's DAG. A freeze binds what `train` is triggered with.
BUTTONS: dict[str, tuple[Any, DagAccessEntity, str]] = {
    "retrain": ("POST", DagAccessEntity.RUN, "train"),
    "backfill": ("POST", DagAccessEntity.RUN, "predict"),
    "approve": ("PUT", DagAccessEntity.HITL_DETAIL, "train"),
    "rollback": ("POST", DagAccessEntity.RUN, "rollback"),
    "freeze": ("POST", DagAccessEntity.RUN, "train"),
}


def may(user: Any, method: Any, dag_id: str, entity: DagAccessEntity | None = None) -> bool:
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    found: bool = get_auth_manager().is_authorized_dag(method=method, access_entity=entity, details=details, user=user)
    return found


def readable(user: Any) -> set[str]:
    """Ids of the DAGs that the user may see."""
    found: set[str] = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    return found


def reads_model(model: str, user: GetUserDep) -> None:
    """Dependency of a route about a model: who may see its training may see its story."""
    require(user, "GET", f"{model}__train", "see this model")


def reads_dataset(dataset: str, user: GetUserDep) -> None:
    require(user, "GET", f"{dataset}__data", "see this dataset")


def presses(button: str) -> Callable[..., None]:
    """Dependency of a route that does what a button does."""
    method, entity, family = BUTTONS[button]

    def inner(model: str, user: GetUserDep) -> None:
        require(user, method, f"{model}__{family}", f"{button} this model", entity)

    return inner


def require(user: Any, method: Any, dag_id: str, what: str, entity: DagAccessEntity | None = None) -> None:
    if not may(user, method, dag_id, entity):
        right = f"{method} on {entity.value.lower()}s of {dag_id}" if entity else f"{method} on {dag_id}"
        raise HTTPException(403, f"You may not {what}: it takes the right to {right}. Ask an administrator.")


def rights_of(user: Any, model: str) -> dict[str, bool]:
    """By button."""
    return {
        button: may(user, method, f"{model}__{family}", entity) for button, (method, entity, family) in BUTTONS.items()
    }
