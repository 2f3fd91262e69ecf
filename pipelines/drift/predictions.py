"""How a window's scores differ from the champion's own of its held-out rows."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.drift.bins import NumberBins
from pipelines.drift.distances import psi
from pipelines.drift.profile import Days, number_column
from pipelines.drift.series import Observation, Statistic
from pipelines.drift.windows import HeldOut, Window
from pipelines.errors import EmptyWindow
from pipelines.monitoring_spec import Monitoring

SUBJECT = "score"


def observe_predictions(held_out: HeldOut, window: Window, policy: Monitoring, informs: bool) -> list[Observation]:
    """psi, mean_shift and, for probabilities, confidence_shift; the shifts without their sign, which the text tells.

    informs: only, as quality is known, or the inputs move with a season that the reference does not have.
    Raises EmptyWindow where either side has no scores.
    """
    if not len(held_out.score) or not len(window.scores):
        raise EmptyWindow(
            f"the window {window.part} has {len(window.scores):,} scores and the champion's evaluation "
            f"{len(held_out.score):,}, so there is nothing to compare. Score {window.part} again, or evaluate the "
            "champion again"
        )
    bins = NumberBins.of(held_out.score)
    expected = counts_by_day(bins, held_out.score, held_out.day).sum(axis=0)
    counts = counts_by_day(bins, window.scores, window.rows.day)
    index = psi(bins, expected, counts.sum(axis=0))
    found = [_told("psi", index, psi(bins, expected, counts), policy.psi_warning, informs, f"PSI {index:.3f}")]
    found.append(_shift("mean_shift", "mean", held_out.score, window, window.scores, policy, informs))
    if is_probability(held_out.score):
        before, now = confidence(held_out.score), confidence(window.scores)
        found.append(_shift("confidence_shift", "mean confidence", before, window, now, policy, informs))
    days = np.unique(window.rows.day.astype(str)).tolist()
    return [replace(one, days=days) for one in found]


def counts_by_day(bins: NumberBins, score: np.ndarray, day: np.ndarray) -> np.ndarray:
    """(days, bins); score, day: (n,)."""
    return number_column(score.astype("float64"), bins, Days.of(day)).counts


def is_probability(score: np.ndarray) -> bool:
    return bool(score.min() >= 0 and score.max() <= 1)


def confidence(score: np.ndarray) -> np.ndarray:
    """How probable the likelier class is, (n,), from .5 to 1."""
    likelier: np.ndarray = np.maximum(score, 1 - score)
    return likelier


def _shift(
    statistic: Statistic,
    words: str,
    before: np.ndarray,
    window: Window,
    now: np.ndarray,
    policy: Monitoring,
    informs: bool,
) -> Observation:
    codes, days = pd.factorize(window.rows.day, sort=True)
    expected, found = float(before.mean()), float(now.mean())
    by_day = np.bincount(codes, now, len(days)) / np.bincount(codes, minlength=len(days))
    text = f"{words} {found:.4f}, {expected:.4f} in the champion's evaluation"
    shift, daily = np.asarray(abs(found - expected)), np.abs(by_day - expected)
    return _told(statistic, shift, daily, policy.prediction_shift, informs, text)


def _told(
    statistic: Statistic, value: np.ndarray, daily: np.ndarray, worth: float, informs: bool, text: str
) -> Observation:
    threshold = None if informs else worth
    return Observation("prediction", statistic, SUBJECT, float(value), threshold, text, daily=daily.tolist())
