"""MLflow: runs, model versions, their tags, and the alias of the champion.

The journal says which version is in force from when (`pipelines.champions`); MLflow's alias and tags only
show it. Boosters are stored as UBJSON and loaded by XGBoost itself: nothing is ever unpickled, and no file is
read that is not the one that its training recorded.
"""

import hashlib
import importlib
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipelines.encoding import Encoding
from pipelines.errors import MissingInput, Tampered, Unavailable
from pipelines.estimators import Model

CHAMPION = "champion"
NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
KEY_TAG = "trainyard.candidate_key"
ENCODING_FILE = "encoding.json"
MODEL_FILE = "model.ubj"
EVALUATED_FOLDER = "evaluated"
# Where MLflow puts them, below the folder of a version.
_PLACES = {MODEL_FILE: MODEL_FILE, ENCODING_FILE: f"extra_files/{ENCODING_FILE}"}
# Its own defaults wait minutes for a server that is away.
CLIENT_SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # Artifacts pass through the server: an address in its object store that it signs is one that it reaches itself,
    # and a client elsewhere would try for minutes.
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Shown:
    """What MLflow shows of a model. alias: the version that holds the champion's; tags: by version."""

    alias: int | None
    tags: dict[int, dict[str, str]]


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
        """Raises MissingInput with the ways out when it was deleted."""
        import mlflow

        try:
            with self.reached():
                return self.client.get_model_version(model, str(version))
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != NOT_FOUND:
                raise
            raise MissingInput(
                f"{model}: version {version} is not in the registry at {self.uri}: it was deleted there. "
                f"Put the champion before it back: python -m pipelines rollback {model} --reason … --by …; "
                f"where none came before, withdraw it: python -m pipelines rollback {model} --to none --reason … "
                f"--by …; then train another: python -m pipelines backfill {model}__train --start … --end … "
                "--reprocess completed"
            ) from error

    def load(self, model: str, version: int, digests: Mapping[str, str]) -> Model:
        """digests: SHA-256 by the file's name, as the training recorded them.

        Raises MissingInput when the version was deleted, Tampered when a file is another one.
        """
        with tempfile.TemporaryDirectory() as folder:
            logged = self.download(model, version, Path(folder))
            _refuse_changed({name: logged / _PLACES[name] for name in digests}, digests, f"{model}: version {version}")
            return read_model(logged)

    def download(self, model: str, version: int, folder: Path) -> Path:
        """A version as MLflow keeps it: where its files now lie under the folder.

        Raises MissingInput when the version was deleted.
        """
        import mlflow

        self.version(model, version)
        with self.reached():
            return Path(mlflow.artifacts.download_artifacts(f"models:/{model}/{version}", dst_path=str(folder)))

    def load_evaluated(self, run_id: str, digests: Mapping[str, str]) -> Model:
        """The model of a training run that never saw the newest evaluation window. Raises Tampered, see `load`."""
        with self.reached(), tempfile.TemporaryDirectory() as folder:
            logged = Path(self.client.download_artifacts(run_id, EVALUATED_FOLDER, folder))
            _refuse_changed({name: logged / name for name in digests}, digests, f"the evaluated model of run {run_id}")
            encoding = Encoding.from_json((logged / ENCODING_FILE).read_text())
            return Model(_load_booster(logged / MODEL_FILE), encoding)

    def shown(self, model: str) -> Shown | None:
        """The champion's alias and the tags of all versions; None when the model is not registered."""
        import mlflow

        try:
            with self.reached():
                registered = self.client.get_registered_model(model)
                versions = self.client.search_model_versions(f"name = '{model}'")
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != NOT_FOUND:
                raise
            return None
        alias = registered.aliases.get(CHAMPION)
        return Shown(None if alias is None else int(alias), {int(one.version): dict(one.tags) for one in versions})

    def set_champion(self, model: str, version: int | None) -> None:
        """Move the champion's alias to a version; None takes it away."""
        with self.reached():
            if version is None:
                self.client.delete_registered_model_alias(model, CHAMPION)
            else:
                self.client.set_registered_model_alias(model, CHAMPION, str(version))

    def set_tag(self, model: str, version: int, name: str, value: str | None) -> None:
        """Tag a version; None takes the tag away."""
        with self.reached():
            if value is None:
                self.client.delete_model_version_tag(model, str(version), name)
            else:
                self.client.set_model_version_tag(model, str(version), name, value)


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


def read_model(folder: Path) -> Model:
    """The registered model in a folder that MLflow made."""
    encoding = Encoding.from_json((folder / _PLACES[ENCODING_FILE]).read_text())
    return Model(_load_booster(folder / MODEL_FILE), encoding)


def _refuse_changed(files: Mapping[str, Path], digests: Mapping[str, str], whose: str) -> None:
    """Before a byte of them is parsed: XGBoost's reader is native code."""
    for name, path in files.items():
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        if found != digests[name]:
            told = f"has SHA-256 {found[:12]}" if found else "is not there"
            raise Tampered(
                f"{whose} is not loaded: its {name} in MLflow {told}, its training recorded {digests[name][:12]}. The "
                "file was changed after it was registered: find out who may write there, and put it back from a backup "
                "or put the champion before it back (docs/runbooks/bad-model-promoted.md)"
            )


def _load_booster(path: Path) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return booster
