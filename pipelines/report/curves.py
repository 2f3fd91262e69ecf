"""What the curves of an evaluation are drawn from: the candidate's held-out scores over the champion's."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pipelines.gates.evidence import Scored
from pipelines.metrics import calibration
from pipelines.spec_words import Task

POINTS = 60
QUANTILES = np.arange(0.05, 0.951, 0.05)
Points = list[tuple[float, float]]
Draw = Callable[[np.ndarray, np.ndarray], Points]


@dataclass(frozen=True)
class Curve:
    """lines: 'candidate' and, where it has scored, 'champion'. chance: what a model that knows nothing would
    draw, or for calibration a perfect one; summary: what to look for."""

    title: str
    summary: str
    x_label: str
    y_label: str
    lines: dict[str, Points]
    chance: Points
    chance_label: str
    marked: bool = False
    rows: dict[str, int] = field(default_factory=dict)


def curves(rows: Scored, task: Task, unit: str = "") -> list[Curve]:
    """ROC, precision-recall and calibration of a classification; for a regression predicted against observed,
    and the quantiles of the residual. Empty where there is nothing that can be drawn.

    unit: of the target, for the axes of a regression.
    """
    known = rows.where(~np.isnan(rows.champion))
    scored = {"candidate": (rows.label, rows.candidate), "champion": (known.label, known.champion)}
    classes = 2 if task == "classification" else 1
    scored = {who: given for who, given in scored.items() if len(np.unique(given[0])) >= classes}
    if "candidate" not in scored:
        return []
    return _of_classes(scored) if task == "classification" else _of_values(scored, unit)


Given = dict[str, tuple[np.ndarray, np.ndarray]]


def _of_classes(scored: Given) -> list[Curve]:
    rate = float(scored["candidate"][0].mean())
    counts = _counts(scored)
    return [
        Curve(
            "Receiver operating characteristic",
            "Nearer to the upper left corner is better.",
            "false positive rate",
            "true positive rate",
            _lines(roc, scored),
            [(0.0, 0.0), (1.0, 1.0)],
            "chance",
            rows=counts,
        ),
        Curve(
            "Precision and recall",
            "Nearer to the upper right corner is better.",
            "recall",
            "precision",
            _lines(precision_recall, scored),
            [(0.0, rate), (1.0, rate)],
            "chance",
            rows=counts,
        ),
        _calibration(scored, "Calibration", "predicted probability", "observed rate"),
    ]


def _of_values(scored: Given, unit: str) -> list[Curve]:
    in_unit = f", {unit}" if unit else ""
    return [
        _calibration(
            scored, "Predicted and observed, by decile", f"mean predicted{in_unit}", f"mean observed{in_unit}"
        ),
        Curve(
            "Quantiles of the residual",
            "Flatter and nearer to zero is better; above zero the prediction was too low.",
            "quantile",
            f"observed - predicted{in_unit}",
            _lines(residual_quantiles, scored),
            [(0.0, 0.0), (1.0, 0.0)],
            "no error",
            rows=_counts(scored),
        ),
    ]


def _calibration(scored: Given, title: str, x_label: str, y_label: str) -> Curve:
    lines = _lines(lambda label, score: [(x, y) for x, y, _ in calibration(label, score)], scored)
    ends = [end for points in lines.values() for point in points for end in point]
    return Curve(
        title,
        "On the diagonal, what was predicted is what came; ten bins of equally many rows.",
        x_label,
        y_label,
        lines,
        [(min(ends), min(ends)), (max(ends), max(ends))],
        "perfect",
        marked=True,
        rows=_counts(scored),
    )


def roc(label: np.ndarray, score: np.ndarray) -> Points:
    """False against true positive rate at evenly spaced ranks of the score; label, score: (n,)."""
    true_positives, false_positives, at = _ranked(label, score)
    x = false_positives[at] / max(false_positives[-1], 1)
    y = true_positives[at] / max(true_positives[-1], 1)
    return [(0.0, 0.0), *zip(x.tolist(), y.tolist(), strict=True)]


def precision_recall(label: np.ndarray, score: np.ndarray) -> Points:
    """Recall against precision at evenly spaced ranks of the score; label, score: (n,)."""
    true_positives, _, at = _ranked(label, score)
    x = true_positives[at] / max(true_positives[-1], 1)
    y = true_positives[at] / (at + 1)
    return list(zip(x.tolist(), y.tolist(), strict=True))


def residual_quantiles(label: np.ndarray, score: np.ndarray) -> Points:
    """Level against the residual's quantile there, observed - predicted; label, score: (n,)."""
    return list(zip(QUANTILES.tolist(), np.quantile(label - score, QUANTILES).tolist(), strict=True))


def _ranked(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positives and negatives among the k highest scores, (n,) each, and the ranks to draw.

    A rank inside of a run of equal scores is moved to the run's end: no order is known within it.
    """
    order = np.argsort(-score, kind="stable")
    ranked, scores = label[order], score[order]
    ends = np.flatnonzero(np.r_[scores[1:] != scores[:-1], True])
    wanted = np.linspace(0, len(ranked) - 1, POINTS + 1).astype(int)[1:]
    at = np.unique(ends[np.searchsorted(ends, wanted)])
    return np.cumsum(ranked), np.cumsum(1 - ranked), at


def _lines(draw: Draw, scored: Given) -> dict[str, Points]:
    return {who: draw(*given) for who, given in scored.items()}


def _counts(scored: Given) -> dict[str, int]:
    return {who: len(label) for who, (label, _) in scored.items()}
