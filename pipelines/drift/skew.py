"""Offline/online skew: scores that come out otherwise when they are computed again, by the same version."""

import numpy as np
import pandas as pd

from pipelines.drift.series import Observation
from pipelines.drift.windows import Window
from pipelines.errors import MissingInput
from pipelines.estimators import Model
from pipelines.metrics import measure_mean
from pipelines.monitoring_spec import Monitoring
from pipelines.registry import Registry

# Of the score's size, at least 1: what another library or machine rounds otherwise stays far below.
TOLERANCE = 1e-5
SKEW_ROWS = 3000


def scoring_model(registry: Registry, name: str, version: int) -> Model | None:
    """The version that made the predictions, None where it was deleted. Raises Unavailable."""
    try:
        return registry.load(name, version)
    except MissingInput:
        return None


def observe_skew(
    model: Model | None,
    version: int,
    features: pd.DataFrame,
    window: Window,
    policy: Monitoring,
    sample: int = SKEW_ROWS,
) -> list[Observation]:
    """The share of logged scores that differ from those made of the features as they are joined now.

    features: the model's columns of the window's rows, in their order, (n, k). At most `sample` of the rows,
    evenly spaced: the same ones in every run. None, and why, where the version or a column is gone.
    """
    if reason := _untold(model, version, features, window):
        return [Observation("skew", "rate", "scores", None, policy.skew_rate, reason)]
    assert model is not None
    rows = len(window.scores)
    at = np.unique(np.linspace(0, rows - 1, min(rows, sample)).round().astype("int64"))
    logged = window.scores[at]
    now = model.score(features.iloc[at][model.encoding.columns]).astype("float64")
    gap = np.abs(now - logged)
    # NaN compares as false: a score that is none was served otherwise too.
    differs = ~(gap <= TOLERANCE * np.maximum(1.0, np.abs(logged)))
    share = measure_mean(differs.astype("float64"), window.rows.day[at])
    text = (
        f"{int(differs.sum()):,} of {len(at):,} scores of version {version} come out otherwise now, "
        f"by {np.nanmean(gap) if np.isfinite(gap).any() else float('nan'):.2g} on average over all"
    )
    return [Observation("skew", "rate", "scores", share.value, policy.skew_rate, text, share.low, share.high)]


def _untold(model: Model | None, version: int, features: pd.DataFrame, window: Window) -> str | None:
    if model is None:
        return f"version {version} is not in the registry any more: its scores cannot be computed again"
    if gone := [name for name in model.encoding.columns if name not in features]:
        return f"version {version} reads {', '.join(gone)}, which the joined rows have no more"
    return None if len(window.scores) else f"the window {window.part} has no rows"
