"""Positions along a picture's axis, the round numbers written there, and figures as people read them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

NONE = "\N{EN DASH}"
# A share of the axis left free at either end, so that no mark sits on the edge.
MARGIN = 0.08


@dataclass(frozen=True)
class Scale:
    """A straight scale from values, low < high, to positions from start to end."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The position of a value, to a tenth; what lies outside is put on the nearer end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self, about: int) -> list[tuple[float, str]]:
        """(position, text) of round numbers within the scale, about that many."""
        step = _round_step((self.high - self.low) / about)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        # "+ 0.0" turns a negative zero into zero.
        return [(self.at(n * step), f"{round(n * step, decimals) + 0.0:,.{decimals}f}") for n in range(first, last + 1)]


def scale_of(values: Iterable[float | None], start: float, end: float) -> Scale:
    """A scale that holds all the values that are known, with a margin. Raises ValueError when none is."""
    known = [value for value in values if is_known(value)]
    low, high = min(known), max(known)
    spread = high - low or max(abs(high), 1e-9) * 0.2
    return Scale(low - MARGIN * spread, high + MARGIN * spread, start, end)


def is_known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def shown(value: float | int | None) -> str:
    """A figure to four digits or so: 0.7072, 26,738, 1.2e-07; a dash where there is none."""
    if not is_known(value):
        return NONE
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    if 0 < size < 1e-6:
        return f"{value:.1e}"
    if 0 < size < 5e-5:
        return f"{value:.{1 - math.floor(math.log10(size))}f}"
    return f"{value:,.{4 if size < 10 else 2 if size < 100 else 1 if size < 1000 else 0}f}"


def declared(value: float | None) -> str:
    """A number as a spec would write it: 0.65, -0.015, 20,000."""
    return f"{value:,.6g}" if is_known(value) else NONE


def span(low: float | None, high: float | None) -> str:
    """A 95 % interval, or nothing where there is none."""
    return f"[{shown(low)}, {shown(high)}]" if is_known(low) and is_known(high) else ""


def in_words(value: Any) -> str:
    """Anything that JSON can hold, on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) or value is None:
        return shown(value)
    if isinstance(value, Mapping) and "value" in value:
        return f"{shown(value['value'])} {span(value.get('low'), value.get('high'))}".rstrip()
    if isinstance(value, Mapping):
        return ", ".join(f"{spaced(str(name))} {in_words(one)}" for name, one in value.items()) or NONE
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(in_words, value)) or NONE
    # A time at midnight is a day.
    return str(value).removesuffix("T00:00:00+00:00")


def spaced(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def _round_step(width: float) -> float:
    """1, 2 or 5 times a power of ten: the smallest that is at least the width."""
    power = 10.0 ** math.floor(math.log10(width))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= width * (1 - 1e-9))
