"""A version as it is loaded to score: its files are those that its training recorded, or it is refused."""

from pipelines.candidate import candidate_of
from pipelines.errors import Tampered
from pipelines.estimators import Model
from pipelines.registry import Registry
from pipelines.release.releases import newest_revision
from pipelines.store import Store


def load_version(store: Store, registry: Registry, model: str, version: int) -> Model:
    """Raises MissingInput when the version was deleted or was not trained into this store, Tampered when a file of it
    or its record was changed."""
    registry.version(model, version)
    made = candidate_of(store, model, version)
    recorded = _released_digest(store, model, version)
    if recorded not in (None, made.model_digest):
        raise Tampered(
            f"{model}: version {version} is not loaded: its candidate names the model {made.model_digest[:12]}, its "
            f"release record {recorded[:12]}. One of both was changed: python -m pipelines record {model} {version}"
        )
    return registry.load(model, version, made.digests)


def _released_digest(store: Store, model: str, version: int) -> str | None:
    """By the release record, which is named by its own digest; None before the first evaluation."""
    record = newest_revision(store, model, version)
    return None if record is None else record.training.model_digest
