"""The evaluations of a store: of each version the one that stands."""

from pipelines.gates.evaluation import Evaluation
from pipelines.layout import evaluation
from pipelines.store import Store


def read_evaluation(store: Store, model: str, version: int) -> Evaluation | None:
    """None when the version was not evaluated."""
    path = evaluation(model, version)
    return Evaluation.from_json(store.read_file(path)) if store.exists(path) else None


def evaluated_versions(store: Store, model: str) -> list[int]:
    """Sorted."""
    folder = evaluation(model, 0).rpartition("/")[0]
    return sorted(int(name.removeprefix("v")) for name in store.list_files(folder, ".json"))


def newest_evaluation(store: Store, model: str) -> Evaluation | None:
    """Of the newest as-of time, and there of the newest version; None when there is none."""
    found = (read_evaluation(store, model, version) for version in evaluated_versions(store, model))
    return max((one for one in found if one is not None), key=lambda one: (one.as_of, one.version), default=None)
