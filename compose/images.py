"""The images of this checkout: which tag they have, and building those that are not there."""

import hashlib
import subprocess
from collections.abc import Callable

from compose.engine import environment
from compose.errors import StackProblem
from pipelines.environment import REPO

# In the order in which one is made of another.
IMAGES = ("airflow", "steps", "worker", "recovery", "object-store")
PREFIX = "trainyard"


def tag() -> str:
    """The commit; with changes in the tree, the commit and a digest of them, so that no tag means two things."""
    commit = _git("rev-parse", "HEAD")[:12]
    changes = _git("diff", "HEAD", "--", *sources())
    new = _git("ls-files", "--others", "--exclude-standard", "--", *sources()).split()
    if not changes and not new:
        return commit
    digest = hashlib.sha256(changes.encode())
    for name in new:
        digest.update(name.encode() + (REPO / name).read_bytes())
    return f"{commit}-{digest.hexdigest()[:8]}"


def sources() -> list[str]:
    """What goes into an image, as .dockerignore lets it through, and how it is built."""
    lines = (REPO / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return ["docker/*.Dockerfile", "docker/build", *(line[1:] for line in lines if line.startswith("!"))]


def missing(tag: str) -> list[str]:
    """The images that are not built yet."""
    return [image for image in IMAGES if not _is_there(f"{PREFIX}/{image}:{tag}")]


def build(tag: str, say: Callable[[str], None]) -> None:
    """Build what is missing, its output shown. Raises StackProblem when a build fails."""
    images = missing(tag)
    if not images:
        return
    say(
        f"building {', '.join(images)} ({tag}): some ten minutes the first time, seconds after a change of our own code"
    )
    settings = environment() | {"IMAGES": " ".join(images), "IMAGE_PREFIX": PREFIX}
    ran = subprocess.run([REPO / "docker" / "build", tag], env=settings, check=False)
    if ran.returncode:
        raise StackProblem("The build failed, see above. Built layers are kept; go on with: make stack")


def _is_there(image: str) -> bool:
    ran = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False)
    return ran.returncode == 0


def _git(*words: str) -> str:
    ran = subprocess.run(["git", "-C", str(REPO), *words], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise StackProblem(
            f"git {' '.join(words)} failed: {ran.stderr.strip()}. Images are named by the commit: run this in a clone"
        )
    return ran.stdout.strip()
