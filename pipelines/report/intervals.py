"""Intervals as pictures: a dot for the value, a whisker for its 95 % interval, a line for the bound it is held to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.report.scales import Scale, declared, is_known, scale_of, shown, span

Side = Literal["above", "below"]
# Positions are per cent of the width, so that a narrow picture keeps the size of its marks and its text.
WIDTH = 100.0
EDGE = 3.0


@dataclass(frozen=True)
class IntervalPicture:
    """Positions across a picture. label: all of it in words, for those who hear the page.

    passes: (x, width) of the values that pass; zero: the line of no difference; ticks: none where the
    picture stands under an axis that it shares.
    """

    label: str
    value: float
    whisker: tuple[float, float] | None
    bound: float | None
    bound_text: str
    passes: tuple[float, float] | None
    zero: float | None
    ticks: list[tuple[float, str]]


def picture(
    name: str,
    value: float | None,
    low: float | None = None,
    high: float | None = None,
    *,
    bound: float | None = None,
    passing: Side | None = None,
    shared: Scale | None = None,
) -> IntervalPicture | None:
    """One interval, on a scale of its own or on a shared one; None without a value to draw."""
    if not is_known(value):
        return None
    scale = shared or scale_of([value, low, high, bound], EDGE, WIDTH - EDGE)
    line = scale.at(bound) if is_known(bound) else None
    sign = {"above": "≥ ", "below": "≤ ", None: ""}[passing]
    said = f"{name}: {shown(value)} {span(low, high)}".rstrip()
    return IntervalPicture(
        label=said + (f"; bound {sign}{declared(bound)}" if line is not None else ""),
        value=scale.at(value),
        whisker=(scale.at(low), scale.at(high)) if is_known(low) and is_known(high) else None,
        bound=line,
        bound_text=f"{sign}{declared(bound)}",
        passes=_passes(line, passing),
        zero=scale.at(0) if scale.low < 0 < scale.high and bound != 0 else None,
        ticks=[] if shared else scale.ticks(4),
    )


def shared_scale(values: Sequence[float | None]) -> Scale | None:
    """One scale for the pictures of a table; None when nothing is known."""
    return scale_of(values, EDGE, WIDTH - EDGE) if any(is_known(value) for value in values) else None


def _passes(line: float | None, passing: Side | None) -> tuple[float, float] | None:
    if line is None or passing is None:
        return None
    return (line, round(WIDTH - line, 1)) if passing == "above" else (0.0, line)
