"""A fault put into the year at one start, and what each monitor makes of the windows from then on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pandas as pd

from benchmarks.evidently_defaults import DriftedColumns
from benchmarks.injected_faults import FAULTS
from benchmarks.monitored_year import Champion, Cost, Year, cost, span_of
from benchmarks.watched_windows import Watch, tells_more
from embedded.year import month_start
from pipelines.drift.report import DriftReport

# How long a fault is waited for: what grows by 5 % a week has doubled by then.
WINDOWS = 3
# A window without a fault: the declared delay of labels, the champion's as-of time, the part.
Clean = tuple[timedelta, datetime, str]


@dataclass(frozen=True)
class Trial:
    """detected: by monitor, after how many windows, the one of the start included; None when not in WINDOWS.

    days: from the start to the end of the window in which ours saw it; told: our report of that window. costs: by
    window.
    """

    fault: str
    start: pd.Timestamp
    detected: dict[str, int | None]
    days: float | None
    told: DriftReport | None
    costs: list[Cost] = field(repr=False)

    @property
    def mid(self) -> bool:
        """Whether the first window has the fault in its second half alone."""
        return self.start.day > 1

    @property
    def costly_after(self) -> int | None:
        """The first window in which the fault costs more than it may unseen."""
        return next((number for number, one in enumerate(self.costs, 1) if one.matters), None)

    @property
    def in_time(self) -> bool:
        """Whether ours saw it once a whole window of rows with it was there that matters; true of one that never does.

        From the middle of a window on that is with the next one.
        """
        seen = self.detected["ours"]
        return self.costly_after is None or (seen is not None and seen <= self.costly_after + self.mid)

    @property
    def at_once(self) -> bool:
        """Whether ours saw it by the first window in which it matters, of which it may spoil the second half alone."""
        seen = self.detected["ours"]
        return self.costly_after is None or (seen is not None and seen <= self.costly_after)

    @property
    def is_named(self) -> bool:
        """Whether the right cause was given, with what it is in."""
        if self.told is None:
            return False
        fault, given = FAULTS[self.fault], self.told.attribution
        words = f"{given.detail} {given.sentence}"
        return given.cause in fault.causes and (not fault.names or any(name in words for name in fault.names))


@dataclass(frozen=True)
class Bench:
    """champions: by their as-of time. reports, drifted: of windows without a fault, made so far."""

    year: Year
    champions: dict[datetime, Champion]
    watch: Watch = field(default_factory=Watch)
    reports: dict[Clean, DriftReport] = field(default_factory=dict)
    drifted: dict[Clean, DriftedColumns] = field(default_factory=dict)

    @classmethod
    def of(cls, year: Year, months: Iterable[int], report: Callable[[str], None]) -> "Bench":
        """months: at whose start a champion takes force."""
        return cls(year, {month_start(month): year.champion(month_start(month), report) for month in months})

    def clean_year(self, year: Year, retrained: bool) -> tuple[list[DriftReport], list[DriftedColumns]]:
        """Each month by the champion of its start, or all of them by the first one."""
        first = min(self.champions)
        planned = [(self.champions[at if retrained else first], f"{at:%Y-%m}") for at in sorted(self.champions)]
        return self.clean_reports(year, planned), [self.clean_drifted(year, *one) for one in planned]

    def clean_reports(self, year: Year, planned: Sequence[tuple[Champion, str]]) -> list[DriftReport]:
        """Of windows without a fault, one after another; planned: the champion and part of each."""
        found: list[DriftReport] = []
        for champion, part in planned:
            key = (year.spec.monitoring.label_delay, champion.as_of, part)
            if key not in self.reports:
                self.reports[key] = self.watch.report(year, champion, part, found)
            found.append(self.reports[key])
        return found

    def clean_drifted(self, year: Year, champion: Champion, part: str) -> DriftedColumns:
        key = (year.spec.monitoring.label_delay, champion.as_of, part)
        if key not in self.drifted:
            self.drifted[key] = self.watch.drifted(year, champion, part)
        return self.drifted[key]

    def trial(self, name: str, start: pd.Timestamp) -> Trial:
        """The champion of the month's start scores all windows: nothing is retrained meanwhile."""
        clean, faulty = self.year.declaring(FAULTS[name]), self.year.with_fault(FAULTS[name], start, WINDOWS)
        champion, parts = self.champions[month_start(start.month)], sorted(faulty.faulty)
        seen = self._reports_until_seen(clean, faulty, champion)
        return Trial(
            fault=name,
            start=start,
            detected={"ours": len(seen) or None, **self._windows_until_drifted(clean, faulty, champion)},
            days=(span_of(seen[-1].part).end - start) / timedelta(days=1) if seen else None,
            told=seen[-1] if seen else None,
            costs=[cost(clean, faulty, champion, part, start) for part in parts],
        )

    def _reports_until_seen(self, clean: Year, faulty: Year, champion: Champion) -> list[DriftReport]:
        """Of the windows with the fault, up to the one that tells of it; none when no one does."""
        before = [(one, f"{at:%Y-%m}") for at, one in sorted(self.champions.items()) if at < champion.as_of]
        parts = sorted(faulty.faulty)
        usual = self.clean_reports(clean, before + [(champion, part) for part in parts])
        past, found = usual[: len(before)], []
        for part, as_ever in zip(parts, usual[len(before) :], strict=True):
            found.append(self.watch.report(faulty, champion, part, past + found))
            if tells_more(found[-1], as_ever):
                return found
        return []

    def _windows_until_drifted(self, clean: Year, faulty: Year, champion: Champion) -> dict[str, int | None]:
        """By rule, the first window in which it says more than it says without the fault."""
        found: dict[str, int | None] = {"evidently": None, "evidently_any_column": None}
        for number, part in enumerate(sorted(faulty.faulty), 1):
            usual = self.clean_drifted(clean, champion, part)
            if found["evidently_any_column"] and (found["evidently"] or usual.drifted):
                continue
            drifted = self.watch.drifted(faulty, champion, part)
            found["evidently"] = found["evidently"] or (number if drifted.drifted and not usual.drifted else None)
            any_more = number if drifted.columns > usual.columns else None
            found["evidently_any_column"] = found["evidently_any_column"] or any_more
        return found
