"""What the gates see: held-out rows with everybody's scores, and what serving the candidate costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import pandas as pd

from pipelines.array import Array, Device, to_device
from pipelines.candidate import Candidate
from pipelines.champions import Champion
from pipelines.estimators import Model
from pipelines.gates.serving import Serving
from pipelines.spec import ModelSpec


@dataclass(frozen=True)
class Scored:
    """Labelled rows, each scored by models that never saw it; all of shape (n,).

    at: UTC; day: local calendar day, the cluster. window: 0 for the newest walk-forward window, 1 for
    the one before it. champion: NaN where it was trained on the row and has no walk-forward score of
    it. features: (n, k), every feature that the dataset declares; without columns unless a gate needs them.
    """

    key: np.ndarray
    label: np.ndarray
    at: np.ndarray
    day: np.ndarray
    window: np.ndarray
    candidate: np.ndarray
    champion: np.ndarray
    baselines: Mapping[str, np.ndarray] = field(default_factory=dict)
    features: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __len__(self) -> int:
        return len(self.label)

    def where(self, mask: np.ndarray) -> "Scored":
        """The rows for which the mask, shape (n,), is true."""
        arrays = {
            name: getattr(self, name)[mask] for name in ("key", "label", "at", "day", "window", "candidate", "champion")
        }
        return replace(
            self,
            **arrays,
            baselines={name: values[mask] for name, values in self.baselines.items()},
            features=self.features[mask] if len(self.features.columns) else self.features,
        )


@dataclass(frozen=True)
class Evidence:
    """rows: the newest held-out window. walk_forward: the newest windows together, rows that both the
    candidate and the champion have scored. attempt: 1 for the first candidate held against this champion.

    Gathered only where a gate needs it, else None: evaluated, the model that never saw the newest
    window; serving, what answering with the registered one costs. device: where whole columns of scores are
    measured; the rows themselves stay on the host.
    """

    spec: ModelSpec
    as_of: datetime
    candidate: Candidate
    champion: Champion | None
    rows: Scored
    walk_forward: Scored
    attempt: int = 1
    evaluated: Model | None = None
    serving: Serving | None = None
    device: Device = "cpu"

    def on_device(self, column: np.ndarray) -> Array:
        """Labels or scores, (n,), where metrics are to be computed. Raises GpuMissing."""
        return to_device(column, self.device)
