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


def below(folder: str) -> str:
    """The same of a folder to look into: the store itself, named by nothing, is one too."""
    return inside(folder) if folder else folder


def _is_name(segment: str) -> bool:
    return segment not in ("", ".", "..") and len(segment.encode()) <= LONGEST_BYTES
