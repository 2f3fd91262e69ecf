"""One series over its windows: in which of them it alarms, since when, and how it came."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.drift.gradual import move, rises

# Of its threshold: a rise that adds up and has come less far is nobody's alarm.
HALF_WAY = 0.5


@dataclass(frozen=True)
class Level:
    """The series in one window. version: the champion's. value: None where it cannot be told; threshold: None where it
    informs only. days: of the daily values, none where they were not kept."""

    part: str
    version: int
    value: float | None
    threshold: float | None
    daily: Sequence[float]
    days: Sequence[str] = ()

    @property
    def is_beyond(self) -> bool:
        return self.threshold is not None and self.value is not None and self.value > self.threshold

    @property
    def is_half_way(self) -> bool:
        if self.threshold is None or self.value is None or self.threshold <= 0:
            return False
        return self.value > HALF_WAY * self.threshold


@dataclass(frozen=True)
class Alarm:
    """since: the first part of those with the alarm up to the newest. pattern, onset: as of a SeriesState."""

    since: str
    pattern: Literal["sudden", "gradual"] | None
    onset: str | None


def alarmed(levels: Sequence[Level]) -> list[bool]:
    """For each window, oldest first, whether it is beyond its threshold, or half of the way there by a rise that adds
    up. Such rises are asked for only where the newest window is as far."""
    newest = levels[-1]
    if not newest.is_half_way or newest.threshold is None:
        return [one.is_beyond for one in levels]
    stands = rises([one.daily for one in levels], newest.threshold)
    return [one.is_beyond or (rose and one.is_half_way) for one, rose in zip(levels, stands, strict=True)]


def alarm_of(levels: Sequence[Level], found: Sequence[bool]) -> Alarm | None:
    """What stands in the newest window, None for nothing; found: by `alarmed`.

    A window that cannot be told ends no alarm, and begins none. Another champion begins anew: what it is compared
    with is another, and a decision that acted on the one before it has not acted on this.
    """
    if not found[-1]:
        return None
    first = len(levels) - 1
    for at in reversed([at for at, one in enumerate(levels) if one.value is not None]):
        if not found[at] or levels[at].version != levels[-1].version:
            break
        first = at
    how = move([one.daily for one in levels], first, levels[first].is_beyond)
    if how is None:
        return Alarm(levels[first].part, None, None)
    return Alarm(levels[first].part, how.pattern, _day(levels[how.window], how.day))


def _day(level: Level, position: int) -> str:
    """The day at that position among those that are told; the part where its days were not kept."""
    if not level.days:
        return level.part
    return [day for day, value in zip(level.days, level.daily, strict=True) if math.isfinite(value)][position]
