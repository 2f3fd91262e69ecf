"""Whether the label still follows the score as it did where the champion was held out: P(label | score)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.windows import HeldOut, Window

BINS = 10
LEAST_ROWS, LEAST_DAYS = 100, 5
PERMUTATIONS = 999
SEED = 0
CHANCE = 0.01


@dataclass(frozen=True)
class Conditional:
    """How the label's mean moved at equal scores. gap: mean |move| over bins of the score, by the window's rows;
    move: the same with its sign, both in the label's unit. of_spread: gap in standard deviations of the label.
    chance: of a gap as great when days are exchanged between the two sides."""

    gap: float
    move: float
    of_spread: float
    chance: float


def compare_labels(held_out: HeldOut, window: Window) -> Conditional | None:
    """None where either side has too few labelled rows or days to tell.

    A permutation test of whole days, for rows of a day are not independent (Winkler et al. 2015).
    """
    known = ~np.isnan(window.rows.label) & np.isfinite(window.scores)
    then, now = (held_out.label, held_out.score, held_out.day), _labelled(window, known)
    if min(len(then[0]), len(now[0])) < LEAST_ROWS or min(len(np.unique(side[2])) for side in (then, now)) < LEAST_DAYS:
        return None
    edges = np.unique(np.quantile(held_out.score, np.linspace(0, 1, BINS + 1)[1:-1]))
    sides = [_by_day(*side, edges) for side in (then, now)]
    counts, sums = (np.concatenate([side[at] for side in sides]) for at in (0, 1))
    days_then, days = len(sides[0][0]), len(counts)
    inside = np.zeros((PERMUTATIONS + 1, days))
    inside[0, days_then:] = 1
    random = np.random.default_rng(SEED)
    for row in inside[1:]:
        row[random.permutation(days)[days_then:]] = 1
    gaps, moves = _gaps(inside, counts, sums)
    chance = float((gaps >= gaps[0] - 1e-12).mean())
    spread = float(held_out.label.std())
    return Conditional(float(gaps[0]), float(moves[0]), float(gaps[0]) / spread if spread else 0.0, chance)


def _labelled(window: Window, known: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return window.rows.label[known], window.scores[known], window.rows.day[known]


def _by_day(label: np.ndarray, score: np.ndarray, day: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and summed labels, (days, bins) each."""
    code, days = pd.factorize(day)
    shape = (len(days), len(edges) + 1)
    cell = code * shape[1] + np.searchsorted(edges, score, side="right")
    counts, sums = (np.bincount(cell, weights, shape[0] * shape[1]).reshape(shape) for weights in (None, label))
    return counts.astype("float64"), sums


def _gaps(inside: np.ndarray, counts: np.ndarray, sums: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each choice of days for the window, (n, days): the mean |move| and the mean move, (n,)."""
    rows, total = inside @ counts, inside @ sums
    others, elsewhere = counts.sum(axis=0) - rows, sums.sum(axis=0) - total
    told = (rows > 0) & (others > 0)
    move = np.where(told, total / np.maximum(rows, 1) - elsewhere / np.maximum(others, 1), 0.0)
    weight = rows * told / np.maximum((rows * told).sum(axis=1, keepdims=True), 1)
    return (np.abs(move) * weight).sum(axis=1), (move * weight).sum(axis=1)
