"""How a series moved: at once, or a little more every day, which no single window shows.

A move that is small against a day's own ups and downs adds up over the days. Page's cumulative sum (Page 1954;
Hinkley 1971) takes each day's distance from the mean so far, less an allowance, and finds a rise when the sum does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

# Four whole weeks: the spread of days is told from blocks of so many, each without its own trend.
BLOCK_DAYS = 28
# In spreads of a sum of days. Ten years in which nothing moved, a hundred times each: .01 to .12 rises are found where
# days are normal with an autocorrelation from one to the next of 0 to .8, .26 to .77 where they are lognormal.
ALLOWANCE = 0.25
LIMIT = 20.0
MOST_AUTOCORRELATION = 0.9
# Days that are more alike than this share of what is worth knowing are taken as so different.
LEAST_SPREAD = 0.02
# Of the days' variance: with less, neither a step nor a slope says how they moved.
LEAST_EXPLAINED = 0.25
# A week under the middle between the levels before and after it, and a rise is over.
BACK_DAYS = 7
# The newest that a step and a slope are fitted to, and those at either end at which neither begins.
SHAPE_DAYS = 400
EDGE_DAYS = 3


@dataclass(frozen=True)
class Move:
    """window, day: where it began, both counted from 0; day: of those of the window that are told."""

    pattern: Literal["sudden", "gradual"]
    window: int
    day: int


def rises(windows: Sequence[Sequence[float]], worth: float) -> list[bool]:
    """For each window whether a rise that adds up stands at its end: found by then, and not gone back since.

    windows: a series' days, oldest first, so measured that more is worse; windows without any take no part. worth:
    what of it is worth knowing. What is said of a window does not change with those after it.
    """
    # A second of importing that no step needs in which nothing is near to what is worth knowing.
    from river.drift import PageHinkley

    days, window = _flat(windows)
    scaled = days / _spreads(days, LEAST_SPREAD * abs(worth))
    found, middle, began = [], None, 0
    detector = PageHinkley(BLOCK_DAYS, ALLOWANCE, LIMIT, alpha=1.0, mode="up")
    for position in range(len(windows)):
        for at in np.flatnonzero(window == position).tolist():
            detector.update(float(scaled[at]))  # type: ignore[no-untyped-call]
            if detector.drift_detected:
                middle = _middle(days[began : at + 1]) if middle is None else middle
                began = at + 1
            elif middle is not None and days[max(0, at - BACK_DAYS + 1) : at + 1].mean() <= middle:
                middle, began = None, at + 1
                detector = PageHinkley(BLOCK_DAYS, ALLOWANCE, LIMIT, alpha=1.0, mode="up")
        found.append(middle is not None)
    return found


def move(windows: Sequence[Sequence[float]], first: int, beyond: bool) -> Move | None:
    """How a series moved that alarms, by whether a step or a slope fits its days better.

    first: the window in which the alarm began; days from four weeks after its start on say no more of how, so that
    what is said of an alarm stays the same while it stands. beyond: whether that window's own test found it; what
    only added up is gradual, however it came. None where there are fewer days than tell their spread, or neither
    fits them.
    """
    days, window = _flat(windows)
    began = int(np.searchsorted(window, first))
    told = days[: max(began + BLOCK_DAYS, int(np.searchsorted(window, first + 1)))]
    recent = told[-SHAPE_DAYS:]
    if len(recent) < BLOCK_DAYS:
        return None
    step, slope = (_explained(recent, shapes) for shapes in _rising_shapes(len(recent)))
    if max(step.max(), slope.max()) < LEAST_EXPLAINED:
        return None
    sudden = beyond and step.max() >= slope.max()
    onset = len(told) - len(recent) + EDGE_DAYS + int((step if sudden else slope).argmax())
    where = int(window[onset])
    return Move("sudden" if sudden else "gradual", where, onset - int(np.searchsorted(window, where)))


def _flat(windows: Sequence[Sequence[float]]) -> tuple[np.ndarray, np.ndarray]:
    """All days that are told, (n,), and the window of each."""
    days = np.array([value for one in windows for value in one], dtype=float)
    window = np.repeat(np.arange(len(windows)), [len(one) for one in windows])
    told = np.isfinite(days)
    return days[told], window[told]


def _spreads(days: np.ndarray, least: float) -> np.ndarray:
    """For each day, the standard deviation of a sum of days over the root of their number, (n,).

    As that of an autoregression of one day's lag, from the whole blocks before the day's own, for those of the first
    block from itself; each block is taken about its own line, so that a drift widens nothing. The autocorrelation is
    corrected for the shortness of the blocks (Kendall 1954; for a line fitted too).
    """
    count = max(1, len(days) // BLOCK_DAYS)
    if len(days) < BLOCK_DAYS:
        return np.full(len(days), max(least, 1.0))
    blocks = days[: count * BLOCK_DAYS].reshape(count, BLOCK_DAYS)
    line = np.arange(BLOCK_DAYS) - (BLOCK_DAYS - 1) / 2
    rest = blocks - blocks.mean(axis=1, keepdims=True)
    rest = rest - np.outer(rest @ line / (line @ line), line)
    squares = np.cumsum((rest**2).sum(axis=1))
    lagged = np.cumsum((rest[:, 1:] * rest[:, :-1]).sum(axis=1))
    measured = lagged / np.where(squares > 0, squares, 1.0)
    alike = np.clip(measured + (2 + 4 * np.clip(measured, 0, 1)) / BLOCK_DAYS, 0, MOST_AUTOCORRELATION)
    widening = (1 + alike) / (1 - alike)
    # A block's mean and slope take their part of the variance with them.
    kept = np.clip(1 - 2 * widening / BLOCK_DAYS, 0.25, 1)
    variance = squares / (BLOCK_DAYS * np.arange(1, count + 1)) / kept * widening
    spread = np.maximum(np.sqrt(variance), least)
    own = np.clip(np.arange(len(days)) // BLOCK_DAYS - 1, 0, count - 1)
    return np.where(spread > 0, spread, 1.0)[own]


def _middle(days: np.ndarray) -> float:
    """Half of the way from the level before a rise to that after it, by the step that fits the days best."""
    recent = days[-SHAPE_DAYS:]
    steps, _ = _rising_shapes(len(recent))
    first = EDGE_DAYS + int(_explained(recent, steps).argmax())
    return float(recent[:first].mean() + recent[first:].mean()) / 2


def _rising_shapes(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A step and a slope from each day on but those at either edge, (days, count) each."""
    beginnings, at = np.arange(EDGE_DAYS, count - EDGE_DAYS)[:, None], np.arange(count)
    return (at >= beginnings).astype(float), np.maximum(0.0, at - beginnings)


def _explained(days: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Share of the days' variance that goes with each rising shape, (k,); 0 with a falling one. shapes: (k, n)."""
    centred, shapes = days - days.mean(), shapes - shapes.mean(axis=1, keepdims=True)
    together = np.maximum(0, shapes @ centred)
    total = (shapes**2).sum(axis=1) * (centred**2).sum()
    return np.asarray(together**2 / np.where(total > 0, total, 1.0))
