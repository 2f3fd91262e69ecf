"""The table of steps is consistent, and the code and the README agree with it."""

import ast
import re

import pytest

from pipelines.flow import BY_NAME, FAMILIES, STEPS
from tests.architecture.code import REPOSITORY, tree


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_what_a_step_reads_an_earlier_step_writes(step):
    written = {earlier.writes for earlier in STEPS[: STEPS.index(step)]}
    missing = set(step.reads) - written
    assert not missing, f"{step.name} reads {missing}, which no earlier step writes: correct pipelines/flow.py"


def test_names_and_artifacts_are_unique():
    assert len(BY_NAME) == len(STEPS)
    assert len({step.writes for step in STEPS}) == len(STEPS)


def test_every_family_has_steps_and_every_step_a_family():
    assert {step.family for step in STEPS} == set(FAMILIES)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_is_a_module_with_a_run(step):
    path = REPOSITORY / "pipelines" / "steps" / f"{step.name}.py"
    assert path.is_file(), f"write pipelines/steps/{step.name}.py: {step.summary}"
    functions = {node.name for node in tree(path).body if isinstance(node, ast.FunctionDef)}
    assert "run" in functions, f"pipelines/steps/{step.name}.py has no function run"


def test_every_module_of_steps_is_in_the_flow():
    names = {path.stem for path in (REPOSITORY / "pipelines" / "steps").glob("*.py")} - {"__init__"}
    assert names <= set(BY_NAME), f"declare {sorted(names - set(BY_NAME))} in pipelines/flow.py, or move it"


def test_the_readme_lists_the_steps_in_order():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    unnamed = [name for name in BY_NAME if name not in text]
    assert not unnamed, f"README.md does not name {unnamed}"
    listed = [name for name in re.findall(r"^\| *`(\w+)`", text, flags=re.MULTILINE) if name in BY_NAME]
    assert listed in ([], list(BY_NAME)), f"README.md's table of steps differs from pipelines/flow.py: {listed}"
