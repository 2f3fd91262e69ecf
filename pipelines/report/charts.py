"""Curves laid out as charts: positions of lines, ticks and names in a square of fixed size."""

from dataclasses import dataclass

from pipelines.report.curves import Curve, Points
from pipelines.report.scales import Scale

LEFT, RIGHT, TOP, BOTTOM = 46.0, 310.0, 12.0, 276.0


@dataclass(frozen=True)
class Line:
    """points: as SVG's polyline takes them; marks: the same as (x, y), where each is drawn as a dot."""

    who: str
    name: str
    points: str
    marks: list[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    title: str
    summary: str
    x_label: str
    y_label: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    lines: list[Line]
    chance: str
    chance_label: str


def chart(curve: Curve, names: dict[str, str]) -> Chart:
    """names: what each line is called, by whose it is."""
    everything = [*curve.chance, *(point for points in curve.lines.values() for point in points)]
    low_x, high_x = _ends([x for x, _ in everything])
    low_y, high_y = _ends([y for _, y in everything])
    if curve.marked:  # predicted against observed: one unit on both axes, so that the diagonal is one
        low_x, high_x = low_y, high_y = min(low_x, low_y), max(high_x, high_y)
    across, up = Scale(low_x, high_x, LEFT, RIGHT), Scale(low_y, high_y, BOTTOM, TOP)
    diagonal = [(low_x, low_y), (high_x, high_y)] if curve.marked else curve.chance
    return Chart(
        title=curve.title,
        summary=curve.summary,
        x_label=curve.x_label,
        y_label=curve.y_label,
        x_ticks=across.ticks(5),
        y_ticks=up.ticks(5),
        lines=[
            Line(
                who,
                _name(names[who], who, curve.rows),
                _points(points, across, up),
                [(across.at(x), up.at(y)) for x, y in points] if curve.marked else [],
            )
            for who, points in curve.lines.items()
        ],
        chance=_points(diagonal, across, up),
        chance_label=curve.chance_label,
    )


def _name(name: str, who: str, rows: dict[str, int]) -> str:
    """Says over how many rows where that is not all of them."""
    return name if rows[who] == max(rows.values()) else f"{name}, {rows[who]:,} of {max(rows.values()):,} rows"


def _ends(values: list[float]) -> tuple[float, float]:
    """The whole unit interval for rates that fill most of it, else just what is there with some air."""
    low, high = min(values), max(values)
    if low >= 0 and 0.6 < high <= 1:
        return 0.0, 1.0
    air = 0.05 * (high - low) or 0.5
    return (0.0 if 0 <= low <= air * 4 else low - air), high + air


def _points(points: Points, across: Scale, up: Scale) -> str:
    return " ".join(f"{across.at(x):g},{up.at(y):g}" for x, y in points)
