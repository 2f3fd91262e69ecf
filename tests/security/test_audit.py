"""What `make audit` lets pass and what it does not."""

import importlib.util
import json
import subprocess
import tomllib

import pytest

from tests.architecture.code import REPOSITORY

SECRET = "AKIA" + "Z7QX4M2N8P6R3T5V"
ACCEPTED = [{"what": ["B101"], "where": "*", "reason": "r"}, {"what": ["B311"], "where": "a.py", "reason": "r"}]


@pytest.fixture(scope="module")
def audit():
    described = importlib.util.spec_from_file_location("audit", REPOSITORY / ".ci" / "audit.py")
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tools(audit):
    try:
        audit._install()
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the tools of the audit cannot be installed here: {error}")
    return audit


def test_what_is_accepted_passes_and_what_is_not_is_told_with_its_place(audit):
    found = {("B101", "b.py"): ["an assert"], ("B311", "a.py"): ["random"], ("B311", "b.py"): ["random (line 3)"]}
    assert audit.unaccepted(ACCEPTED, found) == ["b.py: B311: random (line 3)"]


def test_what_is_accepted_and_found_no_more_has_to_go(audit):
    (told,) = audit.unaccepted(ACCEPTED, {("B101", "b.py"): ["an assert"]})
    assert told == "audit.toml accepts B311 in a.py, which is not found any more: take it out"


@pytest.mark.parametrize(
    "told, untold, forgiven, code",
    [
        ({"bandit": []}, [], False, 0),
        ({"bandit": ["a.py: B311"]}, [], False, 1),
        ({"bandit": ["a.py: B311"]}, ["nobody answers"], True, 1),
        ({"bandit": []}, ["nobody answers"], False, 3),
        ({"bandit": []}, ["nobody answers"], True, 0),
    ],
)
def test_advisories_that_nobody_tells_fail_it_unless_forgiven(audit, told, untold, forgiven, code):
    assert audit.exit_code(told, untold, forgiven) == code


def test_every_acceptance_has_a_reason():
    accepted = tomllib.loads((REPOSITORY / ".ci" / "audit.toml").read_text())
    for kind in ("bandit", "secrets"):
        assert all(len(one["reason"]) > 10 and one["what"] and one["where"] for one in accepted[kind])
    assert all((REPOSITORY / lock).is_file() for lock in accepted["locks"])


@pytest.fixture
def repository(tmp_path):
    """A history in which a secret came, and went again."""

    def git(*arguments):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for content in (f'key = "{SECRET}"\n', "key = read()\n"):
        (tmp_path / "settings.py").write_text(content)
        git("add", ".")
        git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "-m", "one")
    return tmp_path


def test_every_line_that_was_ever_added_is_read_oldest_first(audit, repository):
    added = audit.added_lines(repository)
    assert [text for _, text in added["settings.py"]] == [f'key = "{SECRET}"', "key = read()"]


@pytest.mark.slow
def test_a_secret_that_was_ever_committed_is_found_without_being_shown(tools, repository):
    found = tools.secrets(repository)
    assert {path for _, path in found} == {"settings.py"}
    assert "AWS Access Key" in str(found) and SECRET not in str(found)


@pytest.mark.slow
def test_advisories_that_cannot_be_asked_are_not_taken_for_none(tools, tmp_path, monkeypatch):
    """By the real tool, with a proxy that is not there."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    lock = tmp_path / "lock.txt"
    lock.write_text("jinja2==3.1.2\n")
    found, untold = tools.advisories([lock], "osv")
    assert not found and "lock.txt: osv does not answer" in json.dumps(untold)
