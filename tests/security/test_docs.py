"""docs/security.md promises nothing that is not there."""

import ast
import re

from pipelines.flow import STEPS
from tests.architecture.code import REPOSITORY, tree

PAGE = REPOSITORY / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def threats() -> list[list[str]]:
    """The rows of the table of threats: threat, control, test."""
    section = PAGE.read_text(encoding="utf-8").split("\n## Threats\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_every_test_that_it_names_is_there():
    found = NAMED.findall(PAGE.read_text(encoding="utf-8"))
    missing = [f"{file}::{name}" for file, name in found if not _has(file, name)]
    assert len(found) > 25 and not missing, f"correct docs/security.md, or write: {missing}"


def _has(file: str, name: str) -> bool:
    path = REPOSITORY / file
    return path.is_file() and any(isinstance(one, ast.FunctionDef) and one.name == name for one in tree(path).body)


def test_every_threat_has_a_control_and_a_test():
    rows = threats()
    assert len(rows) > 25
    for row in rows:
        assert len(row) == 3 and row[1] and NAMED.fullmatch(row[2]), row


def test_every_file_that_it_names_is_there():
    named = re.findall(
        r"`((?:pipelines|plugins|tests|docs|\.ci)/[\w/.]+\.\w+)(?:::\w+)?`", PAGE.read_text(encoding="utf-8")
    )
    missing = [name for name in named if not (REPOSITORY / name).exists()]
    assert named and not missing, f"docs/security.md names what is not there: {missing}"


def test_the_kinds_of_threat_that_matter_most_are_on_it():
    bold = " ".join(re.findall(r"\*\*(.+?)\*\*", " ".join(row[0] for row in threats()))).lower()
    for kind in (
        "poisoned data",
        "poisoned model",
        "secrets leak",
        "wrong person",
        "forged prediction log",
        "injected conf",
    ):
        assert kind in bold


def test_the_rights_of_every_step_are_told_in_order():
    section = PAGE.read_text(encoding="utf-8").split("\n## Rights of a step\n")[1]
    assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == [step.name for step in STEPS]
