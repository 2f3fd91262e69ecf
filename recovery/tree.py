"""A folder, or a bucket with a prefix, as a tree of files: listed with sizes and times, read and written in pieces."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from pyarrow import fs

from pipelines import s3

PIECE_BYTES = 8 * 2**20
DRAFT = ".partial"


@dataclass(frozen=True)
class Stat:
    """mtime_ns: when it was last written, as the file system or the bucket says it."""

    size: int
    mtime_ns: int


class Tree(Protocol):
    """Paths are relative, with slashes. A file is put there whole or not at all."""

    uri: str

    def files(self, below: str = "") -> dict[str, Stat]:
        """All files, drafts of writers left out; empty where the folder is not there."""
        ...

    def read(self, path: str) -> Iterator[bytes]:
        """Raises FileNotFoundError."""
        ...

    def write(self, path: str, pieces: Iterable[bytes]) -> None: ...

    def delete(self, path: str) -> None: ...


def open_tree(uri: str, account: s3.Account | None = None) -> "Folder | Bucket":
    """Of a path, a file:// or an s3:// address. account: of the bucket, where it is not that of the AWS_* variables."""
    if uri.startswith("s3://"):
        return Bucket(uri.rstrip("/"), account)
    return Folder(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri)


class Folder:
    """What is written is readable by its owner alone, and on the disk when the call returns."""

    def __init__(self, path: str | Path) -> None:
        self.root = Path(path).expanduser().absolute()
        self.uri = str(self.root)

    def files(self, below: str = "") -> dict[str, Stat]:
        found = {}
        for folder, _, names in os.walk(self.root / below):
            for name in names:
                path = Path(folder, name)
                # Sockets are no files; what vanishes meanwhile was not there.
                with contextlib.suppress(FileNotFoundError):
                    stat = path.stat()
                    if path.is_file() and not name.endswith(DRAFT):
                        found[path.relative_to(self.root).as_posix()] = Stat(stat.st_size, stat.st_mtime_ns)
        return found

    def read(self, path: str) -> Iterator[bytes]:
        with (self.root / path).open("rb") as source:
            yield from _pieces(source)

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = place.with_name(f"{place.name}.{uuid4().hex}{DRAFT}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
                for piece in pieces:
                    sink.write(piece)
                sink.flush()
                os.fsync(sink.fileno())
            draft.replace(place)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def delete(self, path: str) -> None:
        place = self.root / path
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


class Bucket:
    """An object is there when its upload is complete."""

    def __init__(self, uri: str, account: s3.Account | None = None) -> None:
        self.uri, self.account = uri, account
        self._files = s3.open_bucket(uri, account)

    def files(self, below: str = "") -> dict[str, Stat]:
        found = self._files.get_file_info(fs.FileSelector(below, recursive=True, allow_not_found=True))
        return {
            info.path: Stat(info.size, info.mtime_ns or 0)
            for info in found
            if info.type == fs.FileType.File and not info.path.endswith(DRAFT)
        }

    def read(self, path: str) -> Iterator[bytes]:
        with self._files.open_input_stream(path) as source:
            yield from _pieces(source)

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        with self._files.open_output_stream(path) as sink:
            for piece in pieces:
                sink.write(piece)

    def delete(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._files.delete_file(path)


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(PIECE_BYTES):
        yield piece
