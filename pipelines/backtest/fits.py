"""The model that a training as of some time would have made: fitted once, then kept in the store.

A fit is named as a candidate is, by the digest of its training set and its recipe. All policies share it, and so does
the next backtest.
"""

import contextlib
import io
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.encoding import Encoding
from pipelines.estimators import Model, importances
from pipelines.interval import parse_time, partition_interval
from pipelines.joined import JoinedPartition
from pipelines.layout import backtest_folder
from pipelines.release.provenance import Cost, start_meter
from pipelines.spec import ModelSpec, find_dataset
from pipelines.steps.train import refit
from pipelines.store import Store
from pipelines.training_set import TrainingSet, load, split_of
from pipelines.walk_forward import candidate_key, hold_out


@dataclass(frozen=True)
class Fit:
    """key: of the candidate. training_set: its digest. rows: labelled ones that it was fitted on.

    held_out_cost: of the scores that the gates judge, with the baselines'; refit_cost: of the model that serves.
    importances: shares of the gain, by feature.
    """

    key: str
    as_of: datetime
    training_set: str
    rows: int
    rounds: int
    held_out_cost: Cost
    refit_cost: Cost
    importances: dict[str, float]

    @property
    def cpu_s(self) -> float:
        return self.held_out_cost.cpu_s + self.refit_cost.cpu_s

    @property
    def gpu_s(self) -> float:
        return (self.held_out_cost.gpu_s or 0.0) + (self.refit_cost.gpu_s or 0.0)

    def to_json(self) -> str:
        costs = {name: getattr(self, name).model_dump() for name in ("held_out_cost", "refit_cost")}
        return json.dumps(asdict(self) | {"as_of": self.as_of.isoformat()} | costs, indent=1)

    @classmethod
    def from_json(cls, content: bytes) -> "Fit":
        raw: dict[str, Any] = json.loads(content)
        raw |= {name: Cost(**raw[name]) for name in ("held_out_cost", "refit_cost")}
        return cls(**raw | {"as_of": parse_time(raw["as_of"])})


@dataclass(frozen=True)
class KeptFits:
    """The fits of one model that are in the store, each in a folder of its own; `fit.json` is written last."""

    spec: ModelSpec
    store: Store

    def find(self, manifest: TrainingSet) -> Fit | None:
        path = self._path(candidate_key(self.spec, manifest), "fit.json")
        return Fit.from_json(self.store.read_file(path)) if self.store.exists(path) else None

    def make(self, manifest: TrainingSet) -> Fit:
        """Train as the step `train` does: held-out scores first, then the same recipe on all rows.

        Raises EmptyWindow when fit, early-stopping or evaluation rows are missing or have one class only.
        """
        as_of, key = parse_time(manifest.as_of), candidate_key(self.spec, manifest)
        gpus = int(self.spec.training.device == "cuda")
        # What a training says of itself is for its own log; here one line a training says enough.
        with contextlib.redirect_stdout(io.StringIO()):
            meter = start_meter(gpus=gpus)
            rows = load(self.store, self.spec, manifest)
            held_out = hold_out(self.spec, split_of(self.spec, as_of), rows)
            held_out_cost, meter = meter.read(), start_meter(gpus=gpus)
            refitted = refit(self.spec, rows, held_out.stopped.rounds)
            refit_cost = meter.read()
        made = Fit(
            key=key,
            as_of=as_of,
            training_set=manifest.digest,
            rows=len(rows.label),
            rounds=held_out.stopped.rounds,
            held_out_cost=held_out_cost,
            refit_cost=refit_cost,
            importances=importances(refitted.booster),
        )
        held_out.write(self.store, self.held_out_path(made))
        self.store.write_file(self._path(key, "training_set.json"), manifest.to_json().encode())
        self.store.write_file(self._path(key, "model.ubj"), bytes(refitted.booster.save_raw("ubj")))
        self.store.write_file(self._path(key, "encoding.json"), refitted.encoding.to_json().encode())
        self.store.write_file(self._path(key, "fit.json"), made.to_json().encode())
        return made

    def held_out_path(self, fit: Fit) -> str:
        return self._path(fit.key, "held_out.parquet")

    def held_out(self, fit: Fit) -> pd.DataFrame:
        """Rows of the evaluation months with key, day, at, label, candidate and a column for each baseline."""
        rows: pd.DataFrame = self.store.read_parquet(self.held_out_path(fit)).to_pandas()
        return rows

    def features(self, fit: Fit, rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
        """Columns of the training set for some of its rows, which have a `key` and an `at`, in their order."""
        manifest = TrainingSet.from_json(self.store.read_file(self._path(fit.key, "training_set.json")))
        granularity, since = find_dataset(self.spec.dataset).partition, rows["at"].min()
        recent = [one for one in manifest.partitions if partition_interval(one.part, granularity).end > since]
        known = load(self.store, self.spec, replace(manifest, partitions=recent), names)
        return known.features.set_axis(known.key.to_numpy()).loc[rows["key"]].reset_index(drop=True)

    def scores(self, fit: Fit, joined: JoinedPartition) -> np.ndarray:
        """Of all rows of a later partition in their order, (n,) float32; scored once, then kept."""
        path = self._path(fit.key, f"{joined.part}-{joined.digest[:16]}.parquet")
        if not self.store.exists(path):
            model = self._model(fit)
            features = self.store.read_parquet(joined.path, model.encoding.columns).to_pandas()
            self.store.write_parquet(path, pa.table({"score": model.score(features)}))
        scores: np.ndarray = self.store.read_parquet(path)["score"].to_numpy()
        return scores

    def _model(self, fit: Fit) -> Model:
        import xgboost

        content = self.store.read_file(self._path(fit.key, "model.ubj"))
        encoding = Encoding.from_json(self.store.read_file(self._path(fit.key, "encoding.json")).decode())
        return Model(xgboost.Booster(model_file=bytearray(content)), encoding)

    def _path(self, key: str, file: str) -> str:
        return f"{backtest_folder(self.spec.name)}/fits/{key}/{file}"
