"""A gate of one's own, as docs/gates.md shows it: its very text is put into a copy of the package and used."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from pipelines.gates.gate import kinds
from pipelines.spec import MODELS, AnyGate

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "gates.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
GATE, TEST = (text for language, text in FENCED.findall(PAGE) if language == "python")
OWN = next(text for _, text in FENCED.findall(PAGE) if 'kind = "alert_rate"' in text and text.startswith("[["))
EXAMPLES = [text for language, text in FENCED.findall(PAGE) if language == "toml" and text != OWN]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The package with the page's gate in it, a spec that declares it, and the page's test."""
    root = tmp_path_factory.mktemp("own")
    shutil.copytree(REPOSITORY / "pipelines", root / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", root)
    tests = root / "tests" / "pipelines" / "gates"
    (tests / "kinds").mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "hand_written.py", tests)
    (tests / "kinds" / "test_alert_rate.py").write_text(TEST)
    (root / "pipelines" / "gates" / "kinds" / "alert_rate.py").write_text(GATE)
    declare(root, OWN)
    return root


def declare(root: Path, table: str) -> None:
    shipped = (MODELS / "flight_delay.toml").read_text()
    (root / "pipelines" / "models" / "flight_delay.toml").write_text(
        shipped.replace("[monitoring]", f"{table}\n[monitoring]")
    )


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)


def test_it_is_found_by_being_there_and_stands_in_the_schema(copy):
    listed = python(copy, "pipelines", "specs", "--write-docs", "docs")
    assert listed.returncode == 0, listed.stderr
    assert "alert_rate on score >= 0.3" in listed.stdout
    schema = json.loads((copy / "docs" / "schema" / "model.schema.json").read_text())
    assert schema["$defs"]["AlertRate"]["properties"]["threshold"]["description"].startswith("A row at or above it")
    assert "alert_rate" in schema["properties"]["gates"]["items"]["discriminator"]["mapping"]


def test_it_judges_as_the_page_tests_it(copy):
    judged = python(copy, "pytest", "-q", "tests/pipelines/gates/kinds/test_alert_rate.py")
    assert judged.returncode == 0 and "2 passed" in judged.stdout, judged.stdout + judged.stderr


def test_a_wrong_key_in_it_is_refused_by_file_and_key(copy):
    position = (MODELS / "flight_delay.toml").read_text().count("[[gates]]")
    declare(copy, OWN.replace("threshold", "treshold"))
    refused = python(copy, "pipelines", "specs")
    declare(copy, OWN)
    assert refused.returncode == 2
    assert f"pipelines/models/flight_delay.toml: unknown key 'gates[{position}].treshold' (got 0.3)" in refused.stderr
    assert "allowed here: at_most, cannot_tell, kind, report_only, threshold" in refused.stderr


def test_every_kind_stands_on_the_page_with_an_example_that_is_valid():
    adapter = TypeAdapter(AnyGate)
    shown = [adapter.validate_python(gate) for text in EXAMPLES for gate in tomllib.loads(text)["gates"]]
    declared = {kind.model_fields["kind"].annotation.__args__[0] for kind in kinds()}
    assert {gate.kind for gate in shown} == declared
    unnamed = [kind for kind in declared if not re.search(rf"^\| .*`{kind}`.* \|$", PAGE, flags=re.MULTILINE)]
    assert not unnamed, f"docs/gates.md does not say when to use {unnamed}"
