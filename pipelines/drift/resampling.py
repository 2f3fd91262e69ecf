"""Windows in which nothing is wrong, drawn from the days of a reference."""

import numpy as np

RUN_DAYS = 7


def run_days(days: int, least_runs: int) -> int:
    """Consecutive days that are drawn together, so that a spell of weather stays whole: a week, or fewer where there
    would be less than so many runs to tell how much they differ."""
    return max(1, min(RUN_DAYS, days // least_runs))


def window_size(days: int, window_days: float) -> int:
    """How many of the days stand for a window: as many as it has, and at most half of them."""
    return max(1, min(round(window_days), days // 2))


def null_windows(days: int, size: int, run: int, count: int, chance: np.random.Generator) -> np.ndarray:
    """Which days are in each drawn window, (count, days) bool, so many each; the others are its reference.

    The days are cut into runs at random places, and runs are drawn without replacement (Politis & Romano 1994,
    subsampling by blocks): a window shares no day with what it is compared with, as a new one does not.
    """
    offset = chance.integers(0, run, (count, 1))
    of = (np.arange(days) + offset) // run
    runs = chance.random((count, int(of.max()) + 1))
    # Within a run days keep their order, so that the last run is cut at its end.
    order = np.argsort(np.take_along_axis(runs, of, axis=1), axis=1, kind="stable")
    found = np.zeros((count, days), dtype=bool)
    np.put_along_axis(found, order[:, :size], True, axis=1)
    return found


def widening(days: int, size: int, window_days: float, compared: bool = True) -> float:
    """By how much a real window and the whole reference are closer than a drawn one and the rest: at most 1.

    The ratio of the standard errors of two means' difference, of (window, reference) days against (size, rest).
    compared: with the reference; else the window's mean is held to what is known without one.
    """
    real = 1 / max(1.0, window_days) + (1 / days if compared else 0.0)
    return float(np.sqrt(min(1.0, real / (1 / size + 1 / (days - size)))))
