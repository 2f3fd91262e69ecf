"""What is watched: series over time, one observation of each in every window."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["ok", "info", "warning", "critical"]
ORDER: tuple[Severity, ...] = ("ok", "info", "warning", "critical")
Family = Literal["input", "prediction", "quality", "freshness", "skew", "volume", "business"]
Statistic = Literal[
    "null_rate_rise",
    "unseen_rate",
    "vanished_rate",
    "out_of_range_rate",
    "psi",
    "wasserstein",
    "step",
    "frozen",
    "mean_shift",
    "confidence_shift",
    "loss",
    "bias",
    "shortfall",
    "rate_shift",
    "feature_age_h",
    "champion_age_d",
    "missing_partitions",
    "unlabelled_rate",
    "overdue_rate",
    "contradicted_rate",
    "rate",
    "volume_change",
    "figure",
]

# What labels have not kept of what the scores promised.
BROKEN_PROMISES: frozenset[Statistic] = frozenset({"bias", "shortfall"})
LOSSES: frozenset[Statistic] = BROKEN_PROMISES | {"loss"}


@dataclass(frozen=True)
class Observation:
    """One series in one window, so measured that more is worse.

    subject: column, metric, `metric[column=value]` for a slice, feature view or business figure. value: None
    where it cannot be told; `text` says why. low, high: 95 %, clustered by day, None where it has no interval.
    daily: the same by day, oldest first, where a day has one; for what moves gradually. days: of `daily`, such as
    '2013-05-07', of the source's calendar (of UTC for the volume).
    worth: the number from which it is worth knowing, None for a series that informs only.
    text: the figures in words. measured: of a loss, the metric itself and the ends of its interval, where it has one.
    """

    family: Family
    statistic: Statistic
    subject: str
    value: float | None
    worth: float | None
    text: str
    low: float | None = None
    high: float | None = None
    daily: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)
    days: list[str] = field(default_factory=list)

    @property
    def series(self) -> str:
        return f"{self.family}/{self.statistic}/{self.subject}"


@dataclass(frozen=True)
class SeriesState:
    """An observation as it was judged.

    threshold: the greater of `worth` and what chance alone reaches; None where the series informs only.
    beyond: of the last windows, how many had the alarm (were beyond it, or rose towards it day by day), and `of` how
    many. severity: after persistence; `info` while it has not persisted, while quality holds and nothing is wrong
    with the data, and for a seasonal column without its own season to compare with. since: the part in which the
    present run of windows with the alarm began, None without one. pattern: how it moved; onset: from which day on,
    such as '2013-05-12', or the part alone where its days were not kept; None where the daily values do not tell.
    """

    observation: Observation
    threshold: float | None
    severity: Severity
    beyond: int
    of: int
    since: str | None
    pattern: Literal["sudden", "gradual"] | None
    onset: str | None = None

    @property
    def is_beyond(self) -> bool:
        value = self.observation.value
        return self.threshold is not None and value is not None and value > self.threshold

    @property
    def alarms(self) -> bool:
        """Beyond its threshold, or rising towards it; persisted or not."""
        return self.since is not None


def worst(severities: list[Severity]) -> Severity:
    return max(severities, key=ORDER.index, default="ok")
