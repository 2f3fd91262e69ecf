"""What is sent to people, whatever channel carries it."""

import hashlib
from dataclasses import dataclass
from typing import Literal

Level = Literal["info", "warning", "critical", "resolved"]


@dataclass(frozen=True)
class Message:
    """Plain text. incident: the same in all messages about one; services that keep incidents (PagerDuty) open,
    update and resolve theirs by it. link: the page to open first, an http(s) address, or None."""

    incident: str
    level: Level
    title: str
    body: str
    link: str | None = None

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).hexdigest()
