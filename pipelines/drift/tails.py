"""How far statistics reach by chance beyond what a reference of some weeks shows: their tails, by kind.

A bound must hold for days that the reference has not seen. The greatest values that it has are no such bound, so each
kind of statistic has a tail of its own shape, with what the few weeks leave uncertain.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import chdtrc, fdtri, ndtr, stdtrit

from pipelines.drift.levels import STILL_CHANGES

# A single bad day of a month makes a share of this; how often such a day comes, one reference cannot say.
ONE_BAD_DAY = 1 / 30
# Of the windows' greatest jumps, those that show how jumps thin out.
JUMPS_OF_TAIL = 0.1
# The least of their scales over the references of 2013: a reference without jumps does not show that there are none.
LEAST_JUMP_SCALE = 0.2


class Tail(Protocol):
    def bound(self, chance: float) -> float:
        """What the statistic of a new window is beyond with this probability."""


class SampledTail(Tail, Protocol):
    """Of a statistic that many days make, known from windows in which nothing is wrong."""

    def chances(self, values: np.ndarray) -> np.ndarray:
        """How probable values as great are in those windows themselves, (windows,)."""


@dataclass(frozen=True)
class ShiftTail:
    """Of a difference of means: normal, and Student's for a new window, as its spread is known from so many runs.

    floor: what is up to it is never beyond the bound.
    """

    center: float
    spread: float
    runs: int
    floor: float

    @classmethod
    def of(cls, values: np.ndarray, runs: int, floor: float = -np.inf) -> "ShiftTail":
        """values: (windows,); those that are NaN are left out."""
        known = values[np.isfinite(values)]
        return cls(float(known.mean()), float(known.std()), runs, floor) if len(known) else cls(0, 0, runs, floor)

    def chances(self, values: np.ndarray) -> np.ndarray:
        if not self.spread:
            return np.ones(len(values))
        beyond = np.nan_to_num((values - self.center) / self.spread, nan=-np.inf)
        return np.where(values > self.floor, ndtr(-beyond), 1.0)

    def bound(self, chance: float) -> float:
        reach = stdtrit(max(1, self.runs - 1), 1 - chance) * self.spread if self.spread else 0.0
        return float(max(self.floor, self.center + reach))


@dataclass(frozen=True)
class MagnitudeTail:
    """Of a difference of means, or of means and what they should be, on either side: else as ShiftTail."""

    spread: float
    runs: int

    @classmethod
    def of(cls, values: np.ndarray, runs: int) -> "MagnitudeTail":
        """values: (windows,), with their signs."""
        return cls(float(np.sqrt((values**2).mean())), runs)

    def chances(self, values: np.ndarray) -> np.ndarray:
        return 2 * ndtr(-np.abs(values) / self.spread) if self.spread else np.ones(len(values))

    def bound(self, chance: float) -> float:
        return float(stdtrit(max(1, self.runs - 1), 1 - chance / 2) * self.spread)


@dataclass(frozen=True)
class DistanceTail:
    """Of a sum of squared differences, as a PSI is: a chi-square of so many degrees of freedom, scaled to its mean
    (Satterthwaite 1946), and an F for a new window, as the scale is known from so many runs."""

    mean: float
    freedom: float
    runs: int

    @classmethod
    def of(cls, values: np.ndarray, runs: int) -> "DistanceTail":
        """values: (windows,), at least 0."""
        mean, variance = float(values.mean()), float(values.var())
        return cls(mean, 2 * mean**2 / variance if variance else 1.0, runs)

    def chances(self, values: np.ndarray) -> np.ndarray:
        return (
            np.asarray(chdtrc(self.freedom, self.freedom * values / self.mean)) if self.mean else np.ones(len(values))
        )

    def bound(self, chance: float) -> float:
        return float(self.mean * fdtri(self.freedom, max(1, self.runs - 1), 1 - chance))


@dataclass(frozen=True)
class JumpTail:
    """Beyond `start`, which a tenth of the windows reach, jumps thin out exponentially by `scale` (Pickands 1975).

    In their units columns are alike, so that all together show the tail (regional frequency analysis, Hosking &
    Wallis 1997): one alone has too few jumps.
    """

    start: float
    scale: float

    @classmethod
    def of(cls, greatest: np.ndarray) -> "JumpTail":
        """greatest: of every window and column, (n,)."""
        start = float(np.quantile(greatest, 1 - JUMPS_OF_TAIL)) if len(greatest) else 0.0
        beyond = greatest[greatest > start] - start
        return cls(start, max(LEAST_JUMP_SCALE, float(beyond.mean()) if len(beyond) else 0.0))

    def bound(self, chance: float) -> float:
        return self.start + self.scale * float(np.log(max(1.0, JUMPS_OF_TAIL / chance)))


@dataclass(frozen=True)
class StandstillTail:
    """Of 1 - window's / reference's quietest change. Quiet spells of `STILL_CHANGES` changes below x come as often as
    x ** STILL_CHANGES where changes near 0 are equally likely, so that the two quietest are a race of two Poisson
    processes, of as many days each."""

    reference_days: float
    window_days: float

    def bound(self, chance: float) -> float:
        ratio = chance / (1 - chance) * self.reference_days / self.window_days
        return float(1 - min(1.0, ratio) ** (1 / STILL_CHANGES))
