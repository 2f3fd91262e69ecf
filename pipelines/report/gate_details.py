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
DRAWN = 30
# Shown in columns of their own, or as a part of the picture.
MEASURED = ("name", "verdict", "low", "high", "bound")


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
    """measure: what is drawn, empty where nothing is; columns: of the rows' cells, beside it, name and verdict;
    left_out: entries that are not shown."""

    title: str
    columns: list[str]
    rows: list[DetailRow]
    axis: list[tuple[float, str]]
    measure: str
    judged: bool
    left_out: int


def details_of(result: GateResult, side: Side | None) -> list[Detail]:
    """One table for each list of entries, then one for all single facts."""
    tables, facts = [], {}
    for key, content in result.details.items():
        entries = _entries(content)
        if entries:
            # Entries without names are points of a curve, such as those that the page draws.
            if all("name" in entry for entry in entries):
                tables.append(_table(spaced(key), entries, result, side))
        elif content not in (None, [], {}):
            facts[spaced(key)] = content
    if facts:
        rows = [DetailRow(name, "", "", "", None, [in_words(value)]) for name, value in facts.items()]
        tables.append(Detail("figures", [""], rows, [], measure="", judged=False, left_out=0))
    return tables


def _entries(content: Any) -> list[dict[str, Any]]:
    """The content as entries; empty when it is not a list or mapping of entries."""
    if isinstance(content, Mapping) and content and all(isinstance(one, Mapping) for one in content.values()):
        return [{"name": name, **one} for name, one in content.items()]
    if isinstance(content, Sequence) and not isinstance(content, str) and all(isinstance(o, Mapping) for o in content):
        return [dict(one) for one in content]
    return []


def _table(title: str, entries: list[dict[str, Any]], result: GateResult, side: Side | None) -> Detail:
    # Failed ones first, else as the gate has ordered them.
    drawn = sorted(entries, key=lambda entry: entry.get("verdict") != "fail")[:DRAWN]
    measure = _measure(drawn)
    shown_apart = (*MEASURED, measure)
    columns = [key for key in dict.fromkeys(key for entry in drawn for key in entry) if key not in shown_apart]
    # The gate's bound is one for its value, not for whatever else an entry may have.
    bounds = [_number(entry.get("bound", result.bound if measure == "value" else None)) for entry in drawn]
    ends = [_number(entry.get(key)) for entry in drawn for key in (measure, "low", "high")]
    scale = shared_scale([*ends, *bounds]) if measure else None
    return Detail(
        title=title,
        columns=[spaced(column) for column in columns],
        rows=[_row(entry, measure, columns, bound, side, scale) for entry, bound in zip(drawn, bounds, strict=True)],
        axis=scale.ticks(4) if scale else [],
        measure=spaced(measure),
        judged=any(entry.get("verdict") for entry in drawn),
        left_out=len(entries) - len(drawn),
    )


def _row(
    entry: dict[str, Any], measure: str, columns: list[str], bound: float | None, side: Side | None, scale: Scale | None
) -> DetailRow:
    name = str(entry.get("name", ""))
    value, low, high = (_number(entry.get(key)) for key in (measure, "low", "high"))
    return DetailRow(
        name=name,
        verdict=str(entry.get("verdict") or ""),
        value=shown(value),
        interval=span(low, high),
        picture=picture(name, value, low, high, bound=bound, passing=side, shared=scale) if scale else None,
        cells=[in_words(entry.get(column)) for column in columns],
    )


def _measure(entries: list[dict[str, Any]]) -> str:
    """The key that is drawn: 'value', else the only fraction that entries have; empty for none or several."""
    if any(is_known(_number(entry.get("value"))) for entry in entries):
        return "value"
    fractions = {key for entry in entries for key, value in entry.items() if isinstance(value, float)}
    return fractions.pop() if len(fractions) == 1 else ""


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
