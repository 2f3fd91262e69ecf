"""What the locks hold, as the images' Python sees them."""

import re
import tomllib
from pathlib import Path

from packaging.dependency_groups import DependencyGroupResolver
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = ("airflow", "steps", "steps-gpu")
GROUPS = {"airflow": "airflow-cluster", "steps": "steps", "steps-gpu": "steps-gpu"}
IMAGES_PYTHON = {
    "python_version": "3.12",
    "python_full_version": "3.12.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}


def image_lock(image: str) -> Path:
    return REPOSITORY / "docker" / f"{image}.txt"


def versions(lock: Path) -> dict[str, str]:
    """Version by distribution, of those that a Python of the images installs from the lock."""
    lines = [line.rstrip(" \\") for line in lock.read_text().splitlines() if re.match(r"\w", line)]
    return _installed(Requirement(line) for line in lines)


def declared(image: str) -> dict[str, str]:
    """Version by distribution, of what pyproject.toml itself asks for in the image."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    everywhere = map(Requirement, project["project"]["dependencies"])
    return _installed([*everywhere, *DependencyGroupResolver(project["dependency-groups"]).resolve(GROUPS[image])])


def _installed(requirements) -> dict[str, str]:
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in requirements
        if one.marker is None or one.marker.evaluate(IMAGES_PYTHON)
    }
