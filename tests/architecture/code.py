"""The repository's own modules, read as text and syntax trees; nothing is imported."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("pipelines", "plugins", "dags", "embedded", "compose", "recovery", "feature_repo", "benchmarks", "tests")


def modules(*patterns: str) -> Iterator[Path]:
    """Files of the repository that match, by path from its root."""
    for pattern in patterns:
        yield from sorted(path for path in REPOSITORY.glob(pattern) if path.suffix == ".py")


def all_modules() -> Iterator[Path]:
    return modules(*(f"{folder}/**/*.py" for folder in FOLDERS))


def shown(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def imports(path: Path) -> frozenset[str]:
    """Dotted names of all that a module imports, wherever in it: `from a import b` is a.b if that is a module."""
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path)
            names |= {f"{base}.{alias.name}" if _is_module(base, alias.name) else base for alias in node.names}
    return frozenset(names)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(REPOSITORY).parent.parts
    return ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])


def _is_module(base: str, name: str) -> bool:
    place = REPOSITORY.joinpath(*base.split("."), name)
    return place.is_dir() or place.with_suffix(".py").is_file()


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names
