"""What a backup holds: every file of every part, by path, size and digest."""

import hashlib
import json
from datetime import datetime
from typing import Literal

from pydantic import Field

from pipelines.release.provenance import CodeState
from pipelines.spec_words import Strict

Part = Literal["databases", "store", "artifacts", "online", "specs"]
DIGITS = 16


class KeptFile(Strict):
    """digest: SHA-256 of the content, which names it in the vault. mtime_ns: of the original, 0 for a dump."""

    digest: str
    size: int
    mtime_ns: int


class Manifest(Strict):
    """One backup. Times: UTC, ISO; started_at: nothing that was complete then is missing.

    tables: the version of each Delta table. code: the commit whose specs and code the stack ran.
    read_bytes, new_bytes: read from the parts, and written to the vault.
    """

    format: Literal[1]
    started_at: str
    ended_at: str
    code: CodeState
    tables: dict[str, int]
    parts: dict[Part, dict[str, KeptFile]]
    read_bytes: int = Field(ge=0)
    new_bytes: int = Field(ge=0)

    def to_bytes(self) -> bytes:
        return json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True).encode()

    @property
    def name(self) -> str:
        """By its start, for its place among others, and its digest: one that was changed is found by reading it."""
        return f"{datetime.fromisoformat(self.started_at):%Y-%m-%dT%H-%M-%S.%f}-{self.digest}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.to_bytes()).hexdigest()[:DIGITS]

    @property
    def size(self) -> int:
        return sum(kept.size for files in self.parts.values() for kept in files.values())

    def digests(self) -> set[str]:
        return {kept.digest for files in self.parts.values() for kept in files.values()}
