"""A module is one noun, a function one thought: what grows past that is split."""

import ast

from tests.architecture.code import all_modules, shown, tree

MODULE_LINES = 300
FUNCTION_LINES = 40


def test_modules_stay_small():
    sizes = {shown(path): len(path.read_text().splitlines()) for path in all_modules()}
    large = {name: lines for name, lines in sizes.items() if lines >= MODULE_LINES}
    assert not large, f"split into modules of one noun each, under {MODULE_LINES} lines: {large}"


def test_functions_stay_small():
    long = {
        f"{shown(path)}:{node.lineno} {node.name}": lines
        for path in all_modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert not long, f"split into functions of at most {FUNCTION_LINES} lines: {long}"
