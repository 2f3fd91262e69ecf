"""Every command on the pages that people read at night is one that the command line takes."""

import re
import shlex

import pytest

from pipelines import flow
from pipelines.__main__ import parser
from pipelines.commands import names
from tests.architecture.code import REPOSITORY

RUNBOOKS = sorted((REPOSITORY / "docs" / "runbooks").glob("*.md"))
PAGES = [*sorted((REPOSITORY / "docs").glob("*.md")), *RUNBOOKS]
# What a reader fills in, and a value that would do.
FILLED_IN = {
    "MODEL": "flight_delay",
    "DATASET": "flights",
    "VERSION": "3",
    "PREVIOUS": "2",
    "START": "2013-05-01",
    "END": "2013-06-01",
    "PART": "2013-05",
    "N": "4",
    "YOU": "ada",
    "WHY": "the feed stood still",
    "ID": "2013-05-01-UA1545-EWR-0515",
    "FILE": "page.html",
}
SECTIONS = ("Trigger", "First checks", "Containment", "Rollback target", "Validation", "Owner")


def commands() -> list[tuple[str, str]]:
    """(page, command line) of each `python -m pipelines …`, in a block or in a sentence."""
    found = []
    for page in PAGES:
        text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
        for line in re.findall(r"python -m pipelines([^`\n]*)", text):
            found.append((page.name, line.partition(" #")[0].strip()))
    return found


def filled_in(word: str) -> str:
    return re.sub(r"[A-Z]+(?![a-z])", lambda name: FILLED_IN.get(name[0], name[0]), word)


@pytest.mark.parametrize(("page", "line"), commands(), ids=" ".join)
def test_every_command_is_taken_by_the_command_line(page, line, capsys):
    words = [filled_in(word) for word in shlex.split(line)]
    try:
        options = parser().parse_args(words)
    except SystemExit:
        pytest.fail(f"docs/…/{page}: 'python -m pipelines {line}': {capsys.readouterr().err.splitlines()[-1]}")
    assert options.command in {*names(), *flow.BY_NAME}


def test_the_runbooks_have_commands():
    assert len({page for page, _ in commands()} & {page.name for page in RUNBOOKS}) == len(RUNBOOKS)


@pytest.mark.parametrize("page", [page for page in RUNBOOKS if page.name != "README.md"], ids=lambda page: page.name)
def test_a_page_is_short_whole_and_in_the_index(page):
    text = page.read_text(encoding="utf-8")
    missing = [section for section in SECTIONS if f"**{section}" not in text]
    assert not missing, f"docs/runbooks/{page.name} has no {', '.join(missing)}"
    assert len(text.splitlines()) < 60
    assert f"({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    """To a file that is there, and to a place that it has."""
    lost = []
    for name, place in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / name if name else page
        found = target.exists() and (not place or f'id="{place}"' in target.read_text(encoding="utf-8"))
        lost += [] if found else [f"{name}#{place}"]
    assert lost == []


def test_the_page_for_a_renamed_code_says_what_to_do_with_one_that_passed_the_contract():
    alarm = (REPOSITORY / "docs" / "runbooks" / "drift-alarm.md").read_text(encoding="utf-8")
    (row,) = [line for line in alarm.splitlines() if "AA renamed to XX" in line]
    name, place = re.findall(r"\]\(([^)#]+)#([^)]+)\)", row)[0]
    text = (REPOSITORY / "docs" / "runbooks" / name).read_text(encoding="utf-8").partition(f'id="{place}"')[2]
    assert all(word in text for word in ("freeze MODEL", "Void what was scored", "map XX to AA in the loader"))
