"""What each series reaches by chance alone, so that false alarms come as seldom as monitoring.false_alarms declares.

Half of the chance is the quality's, which decides, or the predictions' while labels are awaited; the other half is
that of all inputs together. Within each half one chance serves all series, such that any of them is beyond its bound
as seldom as declared: the least of their chances, over windows in which nothing is wrong, is known jointly (min-p,
Westfall & Young 1993), so that columns that move together do not count twice.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from pipelines.drift.inputs import ReferenceProfile
from pipelines.drift.null_inputs import null_levels, null_shares
from pipelines.drift.null_scores import metrics_of, null_predictions, null_promises, null_quality
from pipelines.drift.promises import usual_values
from pipelines.drift.resampling import null_windows, run_days, widening, window_size
from pipelines.drift.tails import (
    ONE_BAD_DAY,
    DistanceTail,
    JumpTail,
    MagnitudeTail,
    SampledTail,
    ShiftTail,
    StandstillTail,
    Tail,
)
from pipelines.drift.windows import HeldOut
from pipelines.errors import EmptyWindow
from pipelines.monitoring_spec import Monitoring
from pipelines.spec_words import Metric

RESAMPLES = 2000
LEAST_DAYS = 14
HALF = 0.5
# Of runs of days, to tell how much they differ. The level of scores moves with spells of weather, so that whole weeks
# are needed; how well scores order flights hardly does, and more runs tell more.
LEAST_RUNS, LEAST_WEEKS = 10, 4
RATES = ("null_rate_rise", "unseen_rate", "out_of_range_rate")


@dataclass(frozen=True)
class Thresholds:
    """bounds: by series, in its unit; empty without monitoring.false_alarms. per_window: the declared chance of any
    false alarm in a window of so many days. chances: what each family's series are held to. days: of the reference."""

    bounds: dict[str, float]
    false_alarms: str
    per_window: float
    window_days: float
    chances: dict[str, float]
    series_count: int
    days: int
    resamples: int
    seed: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, content: str | bytes) -> "Thresholds":
        return cls(**json.loads(content))


def calibrate(
    profile: ReferenceProfile,
    held_out: HeldOut,
    policy: Monitoring,
    window_days: float,
    informs: frozenset[str],
    resamples: int = RESAMPLES,
) -> Thresholds:
    """Bounds of every series that may alarm, from the reference's days and the champion's held-out ones.

    Days are resampled in runs (`null_windows`), each window against the rest; the same reference gives the same
    bounds. Raises EmptyWindow where either has too few days to tell how much they differ.
    """
    declared = policy.false_alarms
    days, seed = len(profile.profile.days), seed_of(profile, held_out)
    if declared is None:
        return Thresholds({}, "", 0.0, window_days, {}, 0, days, 0, seed)
    _require_days(days, len(np.unique(held_out.day)))
    draw, per_window = Draw(resamples, np.random.default_rng(seed)), declared.per_window(window_days)
    found = [
        _inputs(profile, informs, window_days, HALF * per_window, draw),
        _predictions(held_out, window_days, HALF * per_window, draw),
        _quality(held_out, policy.metric, window_days, HALF * per_window, draw),
    ]
    bounds = {series: bound for one in found for series, bound in one.bounds.items()}
    return Thresholds(
        bounds=bounds,
        false_alarms=f"{declared.count:g} per {declared.per}",
        per_window=per_window,
        window_days=window_days,
        chances={one.family: one.chance for one in found},
        series_count=len(bounds),
        days=days,
        resamples=resamples,
        seed=seed,
    )


def _require_days(reference: int, held_out: int) -> None:
    for what, count, remedy in (
        ("the reference has", reference, "raise monitoring.reference_partitions"),
        ("the champion's evaluation has", held_out, "raise training.evaluation_months"),
    ):
        if count < LEAST_DAYS:
            raise EmptyWindow(
                f"{what} {count} days, too few to tell what chance alone reaches ({LEAST_DAYS} are needed for "
                f"monitoring.false_alarms): {remedy}, or leave false_alarms out"
            )


def seed_of(profile: ReferenceProfile, held_out: HeldOut) -> int:
    """From the days and scores themselves."""
    digest = hashlib.sha256(",".join(map(str, profile.profile.days)).encode())
    digest.update(np.ascontiguousarray(held_out.score).tobytes())
    return int.from_bytes(digest.digest()[:4], "big")


@dataclass(frozen=True)
class Draw:
    """So many null windows at a time."""

    count: int
    chance: np.random.Generator

    def windows(
        self, days: int, window_days: float, least_runs: int, compared: bool = True
    ) -> tuple[np.ndarray, float]:
        """Which days are in each, (count, days), and `widening`."""
        size = window_size(days, window_days)
        inside = null_windows(days, size, run_days(days, least_runs), self.count, self.chance)
        return inside, widening(days, size, window_days, compared)

    def runs(self, days: int, least_runs: int) -> int:
        return days // run_days(days, least_runs)


@dataclass(frozen=True)
class Held:
    """The series of one family, held to one chance each."""

    family: str
    chance: float
    bounds: dict[str, float]


def _inputs(
    profile: ReferenceProfile, informs: frozenset[str], window_days: float, any_of_them: float, draw: Draw
) -> Held:
    days = len(profile.profile.days)
    inside, closer = draw.windows(days, window_days, LEAST_RUNS)
    shares = null_shares(profile, inside, informs, closer)
    sampled = {series: _sampled_tail(series, values, draw.runs(days, LEAST_RUNS)) for series, values in shares.items()}
    moving = null_levels(profile, inside)
    jump = JumpTail.of(np.concatenate([np.empty(0), *moving.jumps.values()]))
    extreme: dict[str, Tail] = {f"input/step/{name}": jump for name in moving.jumps}
    extreme |= {f"input/frozen/{name}": StandstillTail(days, max(1.0, window_days)) for name in moving.still}
    least = least_chances(sampled, shares)
    if extreme:
        # The few days of the reference do not show how often any of many columns has its once-in-a-year day:
        # these are drawn from their tails, each on its own, which is the most that they can differ.
        least = np.minimum(least, 1 - draw.chance.random(draw.count) ** (1 / len(extreme)))
    each = _each(least, any_of_them)
    return Held("input", each, {series: tail.bound(each) for series, tail in {**sampled, **extreme}.items()})


def _predictions(held_out: HeldOut, window_days: float, any_of_them: float, draw: Draw) -> Held:
    days = len(np.unique(held_out.day))
    values = null_predictions(held_out, *draw.windows(days, window_days, LEAST_WEEKS))
    tails = {series: _sampled_tail(series, one, draw.runs(days, LEAST_WEEKS)) for series, one in values.items()}
    each = _each(least_chances(tails, values), any_of_them)
    return Held("prediction", each, {series: tail.bound(each) for series, tail in tails.items()})


def _quality(held_out: HeldOut, declared: Metric, window_days: float, any_of_them: float, draw: Draw) -> Held:
    """The loss of the declared metric and the promises of scores may alarm; other losses are held to the same chance.

    The promises are drawn from all windows of the walk-forward, for one month has few spells: from other days than
    the loss, so that they are taken together as if they had nothing to do with one another, the most that they can.
    """
    days, scored = len(np.unique(held_out.day)), held_out.every_window
    values = null_quality(held_out, metrics_of(declared), *draw.windows(days, window_days, LEAST_RUNS))
    tails = {series: _sampled_tail(series, one, draw.runs(days, LEAST_RUNS)) for series, one in values.items()}
    every_day = len(np.unique(scored.day))
    compared = any(usual_values(declared, scored).values())
    promises = null_promises(scored, declared, *draw.windows(every_day, window_days, LEAST_RUNS, compared))
    tails |= {series: _sampled_tail(series, one, draw.runs(every_day, LEAST_RUNS)) for series, one in promises.items()}
    each = _each(
        least_chances(tails, {f"quality/loss/{declared}": values[f"quality/loss/{declared}"], **promises}), any_of_them
    )
    return Held("quality", each, {series: tail.bound(each) for series, tail in tails.items()})


def _each(least: np.ndarray, any_of_them: float) -> float:
    """The chance that each series has, so that any of them has so much; least: (windows,) of `least_chances`."""
    return min(any_of_them, float(np.quantile(least, any_of_them, method="lower")))


def least_chances(tails: Mapping[str, SampledTail], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """In each window the least of its series' chances, (windows,)."""
    return np.asarray(np.min([tails[series].chances(one) for series, one in values.items()], axis=0))


def _sampled_tail(series: str, values: np.ndarray, runs: int) -> SampledTail:
    statistic = series.split("/")[1]
    if statistic == "psi":
        return DistanceTail.of(values, runs)
    if statistic == "bias":
        return MagnitudeTail.of(values, runs)
    return ShiftTail.of(values, runs, ONE_BAD_DAY if statistic in RATES else -np.inf)
