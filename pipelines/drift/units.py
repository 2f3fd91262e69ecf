"""Was a column's unit changed: the conversion whose undoing brings values back to what they were before a step.

The factors are SciPy's. A library of units, such as Pint, would bring the same numbers and one dependency more: what
is asked here is which units people take for each other, and no library lists that.
"""

from dataclasses import dataclass

import numpy as np
from scipy import constants
from scipy.stats import wasserstein_distance

LEAST_VALUES = 30
# In standard deviations of the values before. Over a year of hourly weather in New York a week is .4 to .8 away from
# the week before it, and 2.6 at most: nearer is no change of unit, and what is further after undoing one is none.
LEAST_DISTANCE = 0.8
LEAST_DISTANCE_ON_GRID = 0.2
MOST_DISTANCE_UNDONE = 2.0
# Of the distance as the values stand, undoing leaves at most this.
MOST_LEFT = 0.35
# And it leaves them about as wide as they were: dividing by a thousand brings all of them near nothing.
MOST_WIDENED = 2.0
# Instruments read in steps. Values that are on the steps from before have kept their unit, and values that a
# conversion brings back onto them have not: a season moves values along the steps only.
ON_GRID = 0.8
VALUES_A_STEP = 5
SIGNIFICANT = 1e-6
HOUR_OF_DAY, HOURS = "hour", 24


@dataclass(frozen=True)
class Conversion:
    """A number in `unit` times factor plus offset is the same in `other`."""

    unit: str | None
    other: str | None
    factor: float
    offset: float = 0.0

    def inverse(self) -> "Conversion":
        return Conversion(self.other, self.unit, 1 / self.factor, -self.offset / self.factor)

    def undone(self, values: np.ndarray) -> np.ndarray:
        return (values - self.offset) / self.factor

    def __str__(self) -> str:
        if self.unit is None:
            return f"{self.factor:g} times as large" if self.factor > 1 else f"{1 / self.factor:g} times as small"
        return f"as if {self.other} were {self.unit}"


MIXED_UP = (
    Conversion("°F", "°C", 5 / 9, -160 / 9),
    Conversion("°C", "K", 1.0, constants.zero_Celsius),
    Conversion("mph", "km/h", constants.mph / constants.kmh),
    Conversion("mph", "m/s", constants.mph),
    Conversion("mph", "kn", constants.mph / constants.knot),
    Conversion("km/h", "m/s", constants.kmh),
    Conversion("km/h", "kn", constants.kmh / constants.knot),
    Conversion("m/s", "kn", 1 / constants.knot),
    Conversion("mi", "km", constants.mile / constants.kilo),
    Conversion("mi", "ft", constants.mile / constants.foot),
    Conversion("km", "ft", constants.kilo / constants.foot),
    Conversion("m", "ft", 1 / constants.foot),
    Conversion("in", "mm", constants.inch / constants.milli),
    Conversion("in", "cm", constants.inch / constants.centi),
    Conversion("mbar", "inHg", constants.hecto / (constants.mmHg * constants.inch / constants.milli)),
    Conversion("hPa", "inHg", constants.hecto / (constants.mmHg * constants.inch / constants.milli)),
    Conversion("min", "s", constants.minute),
    Conversion("h", "min", constants.hour / constants.minute),
    Conversion("h", "s", constants.hour),
    Conversion("%", "share", constants.centi),
)
POWERS = tuple(Conversion(None, None, factor) for factor in (10.0, 100.0, 1000.0))
KNOWN = tuple(both for one in (*MIXED_UP, *POWERS) for both in (one, one.inverse()))


def unit_change(before: np.ndarray, current: np.ndarray, unit: str | None = None) -> str | None:
    """How the values came to be other ones, such as 'as if °C were °F'; None where no conversion explains it.

    before, current: the days right before and right after a step, (n,) and (m,), NaN where null: what is compared
    must be near in time, for a season moves slowly and units do not. unit: as declared; then only what is taken for
    that unit is tried, which is what tells km/h from a stormy week. The distance is Wasserstein's.
    """
    before, current = (values[np.isfinite(values)] for values in (before, current))
    if min(len(before), len(current)) < LEAST_VALUES:
        return None
    if unit == HOUR_OF_DAY:
        return _clock_shift(before, current)
    asked = [one for one in KNOWN if unit is None or one.unit in (unit, None)]
    found = [(left, one) for one in asked if (left := _left(one, before, current)) is not None]
    return str(min(found, key=lambda one: one[0])[1]) if found else None


def _left(conversion: Conversion, before: np.ndarray, current: np.ndarray) -> float | None:
    """The distance that undoing leaves; None where it does not decide."""
    if not conversion.offset:
        # Nothing is nothing in either unit: an hour without rain cannot tell them apart.
        before, current = before[before != 0], current[current != 0]
        if min(len(before), len(current)) < LEAST_VALUES:
            return None
    undone, spread = conversion.undone(current), before.std()
    if spread == 0 or not spread / MOST_WIDENED <= undone.std() <= spread * MOST_WIDENED:
        return None
    grid = np.unique(before)
    stepped = len(grid) * VALUES_A_STEP <= len(before)
    kept, regained = (_share_on(grid, values) if stepped else 0.0 for values in (current, undone))
    if kept > min(ON_GRID, regained):
        return None
    distance, left = (float(wasserstein_distance(before, values)) / spread for values in (current, undone))
    least = LEAST_DISTANCE_ON_GRID if regained > ON_GRID else LEAST_DISTANCE
    decides = distance >= least and left <= min(MOST_LEFT * distance, MOST_DISTANCE_UNDONE)
    return left if decides else None


def _share_on(grid: np.ndarray, values: np.ndarray) -> float:
    """Of the values, those that the grid has; grid: (k,) ascending."""
    at = np.clip(np.searchsorted(grid, values), 1, len(grid) - 1) if len(grid) > 1 else np.zeros(len(values), int)
    gap = np.minimum(np.abs(grid[at] - values), np.abs(grid[at - 1] - values))
    return float((gap <= SIGNIFICANT * np.maximum(1, np.abs(values))).mean())


def _clock_shift(before: np.ndarray, current: np.ndarray) -> str | None:
    """Hours of the day that another time zone would give."""
    spread = before.std()
    if spread == 0 or np.any((current != np.floor(current)) | (current < 0) | (current >= HOURS)):
        return None
    left = [float(wasserstein_distance(before, (current - by) % HOURS)) / spread for by in range(HOURS)]
    by = int(np.argmin(left))
    if left[0] < LEAST_DISTANCE_ON_GRID or left[by] > MOST_LEFT * left[0]:
        return None
    return f"the clock {by} h ahead" if by <= HOURS // 2 else f"the clock {HOURS - by} h behind"
