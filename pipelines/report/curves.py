"""Curves of an evaluation as points for inline SVG: receiver operating characteristic and calibration."""

import numpy as np

from pipelines.gates.evidence import Scored
from pipelines.metrics import calibration

POINTS = 60
Points = list[tuple[float, float]]


def curves(rows: Scored) -> dict[str, dict[str, Points]]:
    """{'roc' | 'calibration': {'candidate' | 'champion': [(x, y), …]}}, all in [0, 1]."""
    scores = {"candidate": (rows.label, rows.candidate)}
    known = rows.where(~np.isnan(rows.champion))
    if len(known):
        scores["champion"] = (known.label, known.champion)
    return {
        "roc": {who: roc(*given) for who, given in scores.items()},
        "calibration": {who: [(x, y) for x, y, _ in calibration(*given)] for who, given in scores.items()},
    }


def roc(label: np.ndarray, score: np.ndarray) -> Points:
    """False against true positive rate at evenly spaced ranks of the score; label, score: (n,)."""
    ranked = label[np.argsort(-score, kind="stable")]
    true_positives, false_positives = np.cumsum(ranked), np.cumsum(1 - ranked)
    at = np.linspace(0, len(ranked) - 1, POINTS).astype(int)
    x = false_positives[at] / max(false_positives[-1], 1)
    y = true_positives[at] / max(true_positives[-1], 1)
    return [(0.0, 0.0), *zip(x.tolist(), y.tolist(), strict=True)]
