"""What a container wrote, line by line with the time of each, as the kubelet keeps and serves it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

# A longer line is kept in parts, as the container runtime's own log format does.
LINE_BYTES = 16_384


@dataclass(frozen=True)
class Entry:
    """at: nanoseconds since the epoch; a continuation belongs to the line of the entry before."""

    at: int
    text: bytes
    continuation: bool

    def shown(self, timestamps: bool) -> bytes:
        if not timestamps or self.continuation:
            return self.text
        seconds, rest = divmod(self.at, 10**9)
        stamp = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{stamp}.{rest:09d}Z ".encode() + self.text


class ContainerLog:
    """Bytes pass through unchanged, whatever they are."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._rest = b""
        self._inside_line = False
        self._ended = False
        self._grown = asyncio.Condition()

    async def write(self, block: bytes) -> None:
        *lines, rest = (self._rest + block).split(b"\n")
        lines = [line + b"\n" for line in lines]
        while len(rest) >= LINE_BYTES:
            lines, rest = [*lines, rest[:LINE_BYTES]], rest[LINE_BYTES:]
        self._rest = rest
        await self._append(lines)

    async def end(self) -> None:
        """The last line may lack its newline."""
        self._ended = True
        await self._append([self._rest] if self._rest else [])

    async def _append(self, lines: list[bytes]) -> None:
        async with self._grown:
            for line in lines:
                self._entries.append(Entry(time.time_ns(), line, self._inside_line))
                self._inside_line = not line.endswith(b"\n")
            self._grown.notify_all()

    def tail(self, lines: int, limit_bytes: int) -> bytes:
        """The end of the log, for a termination message."""
        return b"".join(entry.text for entry in self._entries[-lines:])[-limit_bytes:]

    async def read(
        self, follow: bool = False, since: float | None = None, tail_lines: int | None = None
    ) -> AsyncIterator[Entry]:
        """since: seconds since the epoch; tail_lines counts from the end of what there is now."""
        position = 0 if tail_lines is None else max(0, len(self._entries) - tail_lines)
        while True:
            for entry in self._entries[position:]:
                position += 1
                if since is None or entry.at >= since * 10**9:
                    yield entry
            async with self._grown:
                if not follow or (self._ended and position == len(self._entries)):
                    return
                if position == len(self._entries):
                    await self._grown.wait()
