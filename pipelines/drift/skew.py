"""Offline/online skew: scores that come out otherwise when they are computed again, by the same version."""

import numpy as np

from pipelines.drift.series import Observation
from pipelines.drift.windows import Window
from pipelines.errors import MissingInput
from pipelines.estimators import Model
from pipelines.metrics import measure_mean
from pipelines.monitoring_spec import Monitoring
from pipelines.registry import Registry
from pipelines.served_model import load_version
from pipelines.spec import ModelSpec
from pipelines.store import Store

# Of the score's size, at least 1: what another library or machine rounds otherwise stays far below.
TOLERANCE = 1e-5
SKEW_ROWS = 3000


def scoring_model(store: Store, registry: Registry, name: str, version: int) -> Model | None:
    """The version that made the predictions, None where it was deleted. Raises Unavailable; Tampered."""
    try:
        return load_version(store, registry, name, version)
    except MissingInput:
        return None


def observe_skew(
    spec: ModelSpec, model: Model | None, window: Window, policy: Monitoring, sample: int = SKEW_ROWS
) -> list[Observation]:
    """The share of logged scores that differ from those made of the window's rows as they are joined now.

    model: the version that made the predictions. At most `sample` of the rows, evenly spaced: the same ones in
    every run. None, and why, where the version is gone or reads a column that is.
    """
    if reason := _untold(spec, model, window):
        return [Observation("skew", "rate", "scores", None, policy.skew_rate, reason)]
    assert model is not None
    rows = len(window.scores)
    at = np.unique(np.linspace(0, rows - 1, min(rows, sample)).round().astype("int64"))
    logged = window.scores[at]
    gap = np.abs(model.score(window.rows.features.iloc[at]).astype("float64") - logged)
    # NaN compares as false: a score that is no number was served otherwise too.
    differs = ~(gap <= TOLERANCE * np.maximum(1.0, np.abs(logged)))
    share = measure_mean(differs.astype("float64"), window.rows.day[at])
    mean = float(gap[np.isfinite(gap)].mean()) if np.isfinite(gap).any() else float("nan")
    text = f"{int(differs.sum()):,} of {len(at):,} scores come out otherwise now; mean |difference| of all {mean:.2g}"
    return [Observation("skew", "rate", "scores", share.value, policy.skew_rate, text, share.low, share.high)]


def _untold(spec: ModelSpec, model: Model | None, window: Window) -> str | None:
    if model is None:
        return f"the version of {spec.name} that made them is gone from the registry: they cannot be computed again"
    if gone := [name for name in model.encoding.columns if name not in window.rows.features]:
        return f"the version of {spec.name} that made them reads {', '.join(gone)}, which the rows have no more"
    return None if len(window.scores) else f"the window {window.part} has no rows"
