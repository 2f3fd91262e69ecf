"""Where backups lie: contents named by their SHA-256, written once, and one manifest for each backup, written last."""

import hashlib
from collections.abc import Callable, Iterable, Iterator

from pydantic import ValidationError

from pipelines import s3
from recovery.errors import Damaged
from recovery.manifest import KeptFile, Manifest
from recovery.tree import Bucket, Folder, Stat, open_tree

OBJECTS, BACKUPS = "objects", "backups"
TOLD = 10
# Of the variables that name the account of s3:// backups.
ACCOUNT = "TRAINYARD_BACKUPS"


def open_vault(uri: str) -> "Vault":
    """In a bucket by the keys of TRAINYARD_BACKUPS_*, where they are set: no server of the stack need have them."""
    return Vault(open_tree(uri, s3.Account.from_environment(ACCOUNT)))


class Vault:
    """Backups in a folder or a bucket. What a killed backup wrote is used by the next one."""

    def __init__(self, tree: Folder | Bucket) -> None:
        self.tree = tree
        self._sizes: dict[str, int] | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """Of the contents that are there, by digest; listed once."""
        if self._sizes is None:
            self._sizes = {path.rpartition("/")[2]: stat.size for path, stat in self.tree.files(OBJECTS).items()}
        return self._sizes

    def has(self, kept: KeptFile) -> bool:
        return self.sizes.get(kept.digest) == kept.size

    def keep(self, read: Callable[[], Iterator[bytes]], stat: Stat, again: bool = False) -> tuple[KeptFile, bool]:
        """The content under its digest, and whether it had to be written.

        read: gives it anew at each call. again: a content that is there is read, and replaced where it is damaged.
        """
        digest, size = _digest(read())
        there = self.sizes.get(digest) == size and not (again and self._found(digest) != digest)
        if not there:
            told = hashlib.sha256()
            self.tree.write(_path(digest), _hashed(read(), told))
            if told.hexdigest() != digest:
                # Changed between two readings: what was written is not what its name says.
                self.tree.delete(_path(digest))
                return self.keep(read, stat, again)
            self.sizes[digest] = size
        return KeptFile(digest=digest, size=size, mtime_ns=stat.mtime_ns), not there

    def read(self, kept: KeptFile) -> Iterator[bytes]:
        return self.tree.read(_path(kept.digest))

    def add(self, manifest: Manifest) -> None:
        self.tree.write(f"{BACKUPS}/{manifest.name}.json", [manifest.to_bytes()])

    def names(self) -> list[str]:
        """Of all complete backups, oldest first."""
        found = self.tree.files(BACKUPS)
        return sorted(path.rpartition("/")[2].removesuffix(".json") for path in found if path.endswith(".json"))

    def manifest(self, name: str) -> Manifest:
        """Raises Damaged for one that was changed, and where there is none of that name."""
        names = self.names()
        if name not in names:
            raise Damaged(f"{self.tree.uri} has no backup {name}. There are: {', '.join(names) or 'none'}")
        content = b"".join(self.tree.read(f"{BACKUPS}/{name}.json"))
        try:
            manifest = Manifest.model_validate_json(content)
        except ValidationError as error:
            raise Damaged(f"The manifest of the backup {name} cannot be read: {error.errors()[0]['msg']}") from error
        if manifest.digest != name.rpartition("-")[2]:
            raise Damaged(f"The manifest of the backup {name} was changed after it was written. Take an earlier one")
        return manifest

    def newest(self) -> Manifest | None:
        names = self.names()
        return self.manifest(names[-1]) if names else None

    def damages(self, manifest: Manifest) -> list[str]:
        """What of the backup is missing or changed, as part/path with what was found; every content is read once."""
        bad = {digest: why for digest in sorted(manifest.digests()) if (why := self._problem(digest))}
        return [
            f"{part}/{path} ({bad[kept.digest]})"
            for part, files in manifest.parts.items()
            for path, kept in files.items()
            if kept.digest in bad
        ]

    def require_sound(self, manifest: Manifest) -> None:
        """Raises Damaged with what is."""
        damages = self.damages(manifest)
        if damages:
            more = f" and {len(damages) - TOLD} more" if len(damages) > TOLD else ""
            raise Damaged(
                f"The backup {manifest.name} in {self.tree.uri} is damaged; nothing was restored. "
                f"{', '.join(damages[:TOLD])}{more}. Take an earlier one, or mend it from the stack while that "
                "lives: a backup with --full writes damaged contents again"
            )

    def prune(self, keep: int) -> tuple[list[str], int]:
        """Delete all backups but the newest `keep`, then the contents that none names; names and bytes freed.

        Raises Damaged where a backup that stays cannot be read: its contents are not known.
        """
        names = self.names()
        going, staying = names[:-keep], [self.manifest(name) for name in names[-keep:]]
        needed = {digest for manifest in staying for digest in manifest.digests()}
        for name in going:
            self.tree.delete(f"{BACKUPS}/{name}.json")
        loose = {digest: size for digest, size in self.sizes.items() if digest not in needed}
        for digest in loose:
            self.tree.delete(_path(digest))
        self._sizes = None
        return going, sum(loose.values())

    def _problem(self, digest: str) -> str | None:
        found = self._found(digest)
        return None if found == digest else "missing" if found is None else f"changed, now {found[:12]}"

    def _found(self, digest: str) -> str | None:
        try:
            return _digest(self.tree.read(_path(digest)))[0]
        except FileNotFoundError:
            return None


def _path(digest: str) -> str:
    return f"{OBJECTS}/{digest[:2]}/{digest}"


def _digest(pieces: Iterable[bytes]) -> tuple[str, int]:
    sink, size = hashlib.sha256(), 0
    for piece in pieces:
        sink.update(piece)
        size += len(piece)
    return sink.hexdigest(), size


def _hashed(pieces: Iterable[bytes], sink: "hashlib._Hash") -> Iterator[bytes]:
    for piece in pieces:
        sink.update(piece)
        yield piece
