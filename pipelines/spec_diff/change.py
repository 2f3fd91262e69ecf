"""One thing that a change of declarations does, and whether it lets more or less through."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["loosens", "tightens", "changes", "adds", "removes"]


@dataclass(frozen=True)
class Change:
    """subject: such as `model flight_delay`. section: the table of the spec, or what else it is about."""

    subject: str
    section: str
    direction: Direction
    text: str


def told(value: Any) -> str:
    """As it would stand in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "not set"
    return f"{value:g}" if isinstance(value, float) else str(value)


def fields(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Dotted key, earlier and later value of what differs, tables within tables taken apart."""
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from fields(one, other, f"{prefix}{key}.")
        elif one != other:
            yield f"{prefix}{key}", one, other
