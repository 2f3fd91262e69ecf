"""A place in the store, as a relative path that cannot leave it."""

from pipelines.errors import CallerError

SHOWN = 80
# Of one name, on Linux' file systems.
LONGEST_BYTES = 255


def inside(path: str) -> str:
    """The path itself. Raises CallerError for one that could name something outside of the store, or nothing."""
    segments = path.split("/")
    if not path.isprintable() or "\\" in path or not all(map(_is_name, segments)):
        raise CallerError(
            f"{path[:SHOWN]!r} is no place in the store: names of at most {LONGEST_BYTES} bytes between single "
            "slashes, without . or .. and without backslashes or control characters"
        )
    return path


def inside_or_all(folder: str) -> str:
    """The same for a folder whose files are listed: the empty one is the whole store."""
    return folder and inside(folder)


def _is_name(segment: str) -> bool:
    return segment not in ("", ".", "..") and len(segment.encode()) <= LONGEST_BYTES
