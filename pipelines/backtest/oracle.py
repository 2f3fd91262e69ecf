"""The best that could have been done, by one who knew every model's quality in every window beforehand."""

from collections.abc import Mapping

# What is left to gain, the retrainings that it takes, and what serves each window.
Plan = tuple[float, int, tuple[int, ...]]
# Sums of the same qualities in another order differ by less.
EQUAL = 1e-12


def best_sequence(quality: Mapping[tuple[int, int], float], windows: int, price: float = 0.0) -> tuple[int, ...]:
    """Which fit serves each window so that the sum of qualities, less the price of each retraining, is greatest.

    quality: by fit and window, fit <= window, more is better. From one window to the next the model stays or becomes
    the one that was trained between them. Of equal sums the one with the fewest retrainings. By dynamic programming
    from the last window back; the first is served by fit 0.
    """
    ended: Plan = (0.0, 0, ())
    ahead = dict.fromkeys(range(windows + 1), ended)
    for window in reversed(range(windows)):
        ahead = {fit: _from(fit, window, quality[fit, window], ahead, price) for fit in range(window + 1)}
    return ahead[0][2]


def _from(fit: int, window: int, quality: float, ahead: Mapping[int, Plan], price: float) -> Plan:
    """The best plan from a window on that is served by the fit."""
    stay, change = ahead[fit], ahead[window + 1]
    worth = change[0] - price - stay[0]
    better = worth > EQUAL or (abs(worth) <= EQUAL and change[1] + 1 < stay[1])
    total, retrains, served = (change[0] - price, change[1] + 1, change[2]) if better else stay
    return quality + total, retrains, (fit, *served)
