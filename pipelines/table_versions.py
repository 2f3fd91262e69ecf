"""What the store tells of a version of a table, and how it names rows of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Snapshot:
    """One version of one table; `changed` is False when the write found the same rows there already."""

    table: str
    version: int
    changed: bool = True

    def __str__(self) -> str:
        return f"{self.table}@{self.version}"


@dataclass(frozen=True)
class TableFiles:
    """The files that hold the rows of a version. paths: under the store's URI; no such file ever changes."""

    version: int
    paths: list[str]


def quoted(value: str) -> str:
    """As a string in a predicate."""
    return "'" + value.replace("'", "''") + "'"
