"""What a gate says beyond its one number: a forest plot where entries have values, a table or facts otherwise.

Any gate's `details` are shown, also those of a kind that somebody adds: a list of entries, or a mapping of
names to entries, becomes rows; the rest becomes facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.gates.gate import GateResult
from pipelines.report.intervals import IntervalPicture, Side, picture, shared_scale
from pipelines.report.scales import Scale, in_words, is_known, shown, spaced, span

# Rows that are drawn; the evaluation's JSON has them all.
DRAWN = 60
# Shown in columns of their own, or as a part of the picture.
MEASURED = ("name", "verdict", "value", "low", "high", "bound")


@dataclass(frozen=True)
class DetailRow:
    """verdict: empty where the entry has none of its own; cells: by column."""

    name: str
    verdict: str
    value: str
    interval: str
    picture: IntervalPicture | None
    cells: list[str]


@dataclass(frozen=True)
class Detail:
    """columns: of the rows' cells, beside name, value and verdict; left_out: entries that are not drawn."""

    title: str
    columns: list[str]
    rows: list[DetailRow]
    axis: list[tuple[float, str]]
    measured: bool
    judged: bool
    left_out: int


def details_of(result: GateResult, side: Side | None) -> list[Detail]:
    """One table for each list of entries, then one for all single facts."""
    tables, facts = [], {}
    for key, content in result.details.items():
        entries = _entries(content)
        if entries:
            tables.append(_table(spaced(key), entries, result, side))
        elif content not in (None, [], {}):
            facts[spaced(key)] = content
    if facts:
        rows = [DetailRow(name, "", "", "", None, [in_words(value)]) for name, value in facts.items()]
        tables.append(Detail("figures", [""], rows, [], measured=False, judged=False, left_out=0))
    return tables


def _entries(content: Any) -> list[dict[str, Any]]:
    """The content as entries with a name each; empty when it is not a list or mapping of entries."""
    if isinstance(content, Mapping) and content and all(isinstance(one, Mapping) for one in content.values()):
        return [{"name": name, **one} for name, one in content.items()]
    if isinstance(content, Sequence) and not isinstance(content, str) and all(isinstance(o, Mapping) for o in content):
        return [dict(one) for one in content]
    return []


def _table(title: str, entries: list[dict[str, Any]], result: GateResult, side: Side | None) -> Detail:
    # Failed ones first, else as the gate has ordered them.
    drawn = sorted(entries, key=lambda entry: entry.get("verdict") != "fail")[:DRAWN]
    measured = any(is_known(_number(entry.get("value"))) for entry in drawn)
    columns = [key for key in dict.fromkeys(key for entry in drawn for key in entry) if key not in MEASURED]
    bounds = [_number(entry.get("bound", result.bound)) for entry in drawn]
    ends = [_number(entry.get(key)) for entry in drawn for key in ("value", "low", "high")]
    scale = shared_scale([*ends, *bounds]) if measured else None
    return Detail(
        title=title,
        columns=[spaced(column) for column in columns],
        rows=[_row(entry, columns, bound, side, scale) for entry, bound in zip(drawn, bounds, strict=True)],
        axis=scale.ticks(4) if scale else [],
        measured=measured,
        judged=any(entry.get("verdict") for entry in drawn),
        left_out=len(entries) - len(drawn),
    )


def _row(
    entry: dict[str, Any], columns: list[str], bound: float | None, side: Side | None, scale: Scale | None
) -> DetailRow:
    name = str(entry.get("name", ""))
    value, low, high = (_number(entry.get(key)) for key in ("value", "low", "high"))
    return DetailRow(
        name=name,
        verdict=str(entry.get("verdict") or ""),
        value=shown(value),
        interval=span(low, high),
        picture=picture(name, value, low, high, bound=bound, passing=side, shared=scale) if scale else None,
        cells=[in_words(entry.get(column)) for column in columns],
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
