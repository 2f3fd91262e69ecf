"""A place in the store, as a relative path that cannot leave it."""

from pipelines.errors import CallerError

SHOWN = 80


def inside(path: str) -> str:
    """The path itself. Raises CallerError for one that could name something outside of the store, or nothing."""
    segments = path.split("/")
    if not path.isprintable() or "\\" in path or any(segment in ("", ".", "..") for segment in segments):
        raise CallerError(
            f"{path[:SHOWN]!r} is no place in the store: names between single slashes, without . or .. and without "
            "backslashes or control characters"
        )
    return path
