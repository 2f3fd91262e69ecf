"""MLflow: runs, model versions and the alias of the champion; and which version was in force when.

The journal says which version is in force from when; MLflow's alias and tags show it. Boosters are
stored as UBJSON and loaded by XGBoost itself: nothing is ever unpickled.
"""

import importlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.encoding import Encoding
from pipelines.errors import MissingInput, Unavailable
from pipelines.estimators import Model
from pipelines.interval import parse_time
from pipelines.journal import Event, events, record
from pipelines.store import Store

PROMOTION = "promotion"
CHAMPION = "champion"
KEY_TAG = "trainyard.candidate_key"
ENCODING_FILE = "encoding.json"
MODEL_FILE = "model.ubj"
EVALUATED_FOLDER = "evaluated"
# Its own defaults wait minutes for a server that is away.
CLIENT_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Champion:
    """A version in force. trained_until: end of its training rows; all times UTC."""

    version: int
    run_id: str
    effective_from: datetime
    trained_until: datetime


def champions(store: Store, model: str, until: datetime | None = None) -> list[Champion]:
    """Every promotion up to and including `until`, by the time it took force."""
    return [
        Champion(e.content["version"], e.content["run_id"], e.at, parse_time(e.content["trained_until"]))
        for e in events(store, PROMOTION, model, until)
    ]


def champion_as_of(store: Store, model: str, at: datetime) -> Champion | None:
    """The version in force at the time; None before the first promotion."""
    found = champions(store, model, until=at)
    return found[-1] if found else None


def champion_before(store: Store, model: str, at: datetime) -> Champion | None:
    """The version that a promotion taking force at the time would replace."""
    found = [champion for champion in champions(store, model, until=at) if champion.effective_from < at]
    return found[-1] if found else None


def require_champion(store: Store, model: str, at: datetime) -> Champion:
    """Raises MissingInput with the command that trains one."""
    champion = champion_as_of(store, model, at)
    if champion is None:
        first = champions(store, model)
        found = f"the first took force on {first[0].effective_from:%F}" if first else "none was ever promoted"
        raise MissingInput(
            f"{model}: no champion was in force at {at:%F}; {found}. "
            f"Train one: python -m pipelines backfill {model}__train --start … --end {at:%F}"
        )
    return champion


class Registry:
    """One MLflow server. Raises Unavailable when it does not answer."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @cached_property
    def client(self) -> Any:
        for name, value in CLIENT_SETTINGS.items():
            os.environ.setdefault(name, value)
        import mlflow

        _skip_feasts_header_provider()
        # Its notices (no pip in the environment, waiting for a version) are noise in a task's log.
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        mlflow.set_tracking_uri(self.uri)
        return mlflow.MlflowClient()

    @contextmanager
    def reached(self) -> Iterator[None]:
        """Turns MLflow's failure to connect into Unavailable, with what to do."""
        import mlflow
        import requests

        try:
            yield
        except (mlflow.exceptions.MlflowException, requests.RequestException) as error:
            text = str(error)
            if isinstance(error, requests.RequestException) or "Max retries" in text or "failed with exception" in text:
                raise Unavailable(
                    f"MLflow does not answer at {self.uri}. Look at its log and start it (make up); "
                    "the step can be run again"
                ) from error
            raise

    def find_candidate(self, model: str, key: str) -> Any | None:
        """The model version made from exactly these inputs, if one was registered."""
        with self.reached():
            found = self.client.search_model_versions(f"name = '{model}' and tags.`{KEY_TAG}` = '{key}'")
        return min(found, key=lambda version: int(version.version)) if found else None

    def register(self, model: str, model_id: str, run_id: str, tags: dict[str, str]) -> Any:
        """A new version of the model, made by the run."""
        import mlflow

        with self.reached():
            try:
                self.client.create_registered_model(model)
            except mlflow.exceptions.MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            return self.client.create_model_version(model, f"models:/{model_id}", run_id, tags=tags, model_id=model_id)

    def version(self, model: str, version: int) -> Any:
        """Raises MissingInput when it was deleted."""
        import mlflow

        try:
            with self.reached():
                return self.client.get_model_version(model, str(version))
        except mlflow.exceptions.MlflowException as error:
            raise MissingInput(
                f"{model}: version {version} is not in the registry at {self.uri} ({error}). "
                "Restore it there, or train and promote another"
            ) from error

    def load(self, model: str, version: int) -> Model:
        """Raises MissingInput when the version was deleted."""
        import mlflow

        self.version(model, version)
        with self.reached(), tempfile.TemporaryDirectory() as folder:
            logged = Path(mlflow.artifacts.download_artifacts(f"models:/{model}/{version}", dst_path=folder))
            encoding = Encoding.from_json((logged / "extra_files" / ENCODING_FILE).read_text())
            return Model(_load_booster(logged / MODEL_FILE), encoding)

    def load_evaluated(self, run_id: str) -> Model:
        """The model of a training run that never saw the newest evaluation window."""
        with self.reached(), tempfile.TemporaryDirectory() as folder:
            logged = Path(self.client.download_artifacts(run_id, EVALUATED_FOLDER, folder))
            encoding = Encoding.from_json((logged / ENCODING_FILE).read_text())
            return Model(_load_booster(logged / MODEL_FILE), encoding)

    def project_champion(self, store: Store, model: str, promoted: Champion) -> None:
        """Make MLflow's alias and tags say what the journal says; again if need be."""
        newest = champions(store, model)[-1]
        with self.reached():
            for champion in (promoted, newest):
                stamp = champion.effective_from.isoformat()
                self.client.set_model_version_tag(model, str(champion.version), "effective_from", stamp)
            self.client.set_registered_model_alias(model, CHAMPION, str(newest.version))


def _skip_feasts_header_provider() -> None:
    """Keep MLflow from importing all of Feast, 4 CPU s in every step, for a header that only Feast's own server asks.

    Feast announces it by an entry point; those of others are loaded as ever.
    """
    from mlflow.utils import plugins

    announced = plugins.get_entry_points
    plugins.get_entry_points = lambda group: [found for found in announced(group) if found.name != "feast"]
    try:
        importlib.import_module("mlflow.tracking.request_header.registry")
    finally:
        plugins.get_entry_points = announced


def _load_booster(path: Path) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return booster


def promote(store: Store, model: str, champion: Champion, evaluation_digest: str) -> bool:
    """Journal the promotion; False when it stands there already."""
    content = {
        "version": champion.version,
        "run_id": champion.run_id,
        "trained_until": champion.trained_until.isoformat(),
        "evaluation": evaluation_digest,
    }
    return record(store, Event(PROMOTION, model, champion.effective_from, content))
