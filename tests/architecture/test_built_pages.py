"""The built pages are those of their sources: who changes `frontend/` builds them again."""

import hashlib
import re

from tests.architecture.code import REPOSITORY

SOURCES, BUILT = REPOSITORY / "frontend", REPOSITORY / "plugins" / "web" / "static"


def test_the_pages_were_built_after_the_last_change():
    digest = hashlib.sha256()
    files = (path for path in SOURCES.rglob("*") if path.is_file() and "node_modules" not in path.parts)
    for name, path in sorted((path.relative_to(SOURCES).as_posix(), path) for path in files):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    assert (BUILT / "sources.sha256").read_text().strip() == digest.hexdigest(), "build the pages again: make ui"


def test_the_page_names_what_lies_beside_it_and_nothing_elsewhere():
    page = (BUILT / "index.html").read_text()
    named = [name for name in re.findall(r'(?:src|href)="([^"]+)"', page) if not name.startswith("data:")]
    assert named and all((BUILT / name).is_file() for name in named)
    assert "://" not in page
