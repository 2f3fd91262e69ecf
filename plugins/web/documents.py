"""HTML pages of the store, shown in a frame that can reach nothing: they hold what data brought along."""

import re

# Folder, model or dataset, part or version. The family whose DAG a reader must be allowed to see.
DOCUMENT = re.compile(r"(validations|evaluations|drift)/([a-z][a-z0-9_]{0,59})/[A-Za-z0-9-]{1,40}\.html")
FAMILY = {"validations": "data", "evaluations": "train", "drift": "monitor"}
STILL = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; frame-ancestors 'self'"
# Evidently draws with scripts of its own, inside of the page; it has the origin of nobody.
DRAWING = f"{STILL}; script-src 'unsafe-inline' 'unsafe-eval'; sandbox allow-scripts"


def dag_of(path: str) -> str | None:
    """The DAG that a reader of the page must be allowed to see; None for a path of no page."""
    match = DOCUMENT.fullmatch(path)
    return None if match is None else f"{match[2]}__{FAMILY[match[1]]}"


def headers_of(path: str) -> dict[str, str]:
    policy = DRAWING if path.startswith("drift/") else f"{STILL}; sandbox"
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
