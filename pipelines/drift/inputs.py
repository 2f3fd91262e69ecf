"""What a window's columns show beside the reference's: nulls, novelties, distributions, jumps and standstills."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.array import Device
from pipelines.drift.bins import Bins, CategoryBins, NumberBins
from pipelines.drift.distances import novelty_rate, null_rate_rise, psi, wasserstein
from pipelines.drift.levels import (
    BEFORE_DAYS,
    LEAST_AFTER_DAYS,
    STILL_CHANGES,
    changes,
    day_numbers,
    jumps,
    levels,
    pace_of,
)
from pipelines.drift.novelty import Novelty, extremes, rare_categories
from pipelines.drift.profile import ColumnProfile, Days, Profile, numbers, profile_column, profile_rows
from pipelines.drift.renames import LAST_DAYS, LEAST_EXPECTED
from pipelines.drift.series import Observation, Statistic
from pipelines.drift.windows import Window
from pipelines.errors import EmptyWindow, MissingInput
from pipelines.features import Feature
from pipelines.monitoring_spec import Monitoring
from pipelines.training_set import Rows

# On the flights of 2013, each month against the three before it: no column jumps by more than 1.3, temperatures in °C
# from any day on by 1.8 and more in December, 3.3 and more from April to November; none stands stiller than by .67, a
# frozen feed of the weather or of the last arrivals by .95 and more.
STEP_WORTH = 1.5
FROZEN_WORTH = 0.85
# Of the partition before, what tells whether something began at its end.
DAYS_BEFORE = BEFORE_DAYS + LEAST_AFTER_DAYS - 1


@dataclass(frozen=True)
class ReferenceProfile:
    """bins, novelty: by column, in the order of the features."""

    bins: dict[str, Bins]
    profile: Profile
    novelty: dict[str, Novelty]


def profile_reference(rows: Rows, features: list[Feature], device: Device) -> ReferenceProfile:
    """The reference's bins and its profile on them. device: where numbers are sorted and counted.

    Raises EmptyWindow without rows, MissingInput for a feature that the rows lack, GpuMissing.
    """
    if not len(rows.label):
        raise EmptyWindow(
            "the reference has no rows, so there is nothing to compare windows with. Validate the partitions that "
            "monitoring.reference names, or name others"
        )
    lacking = [one.name for one in features if one.name not in rows.features]
    if lacking:
        raise MissingInput(
            f"the reference lacks {', '.join(lacking)}, which the model reads: its partitions were joined before that "
            "was declared. Assemble the champion's training set again, which joins them anew"
        )
    days = Days.of(rows.day)
    bins: dict[str, Bins] = {}
    columns: dict[str, ColumnProfile] = {}
    novelty: dict[str, Novelty] = {}
    for feature in features:
        column, name = rows.features[feature.name], feature.name
        if feature.dtype == "category":
            column = column.astype("category")
            own = CategoryBins.of(column)
            bins[name], novelty[name] = own, rare_categories(column, own, days.codes, len(days.names))
        else:
            values = numbers(column, device)
            known = NumberBins.of(values)
            bins[name], novelty[name] = known, extremes(values, known, days.codes)
        columns[name] = profile_column(column, bins[name], days, device)
    return ReferenceProfile(bins, Profile(days.names, days.counts, columns), novelty)


def observe_inputs(
    reference: ReferenceProfile, window: Window, policy: Monitoring, informs: frozenset[str], device: Device
) -> list[Observation]:
    """Every statistic of every column of the reference.

    informs: columns that move with a season which the reference does not have; of them only what no season does
    may alarm. device: where numbers are counted. Raises EmptyWindow for a window without rows, GpuMissing.
    """
    if not len(window.rows.label):
        raise EmptyWindow(
            f"the window {window.part} has no rows, so there is nothing to compare with the reference. Look for them "
            f"in the dataset's quarantine, then ingest and score {window.part} again"
        )
    current = profile_rows(window.rows, reference.bins, device)
    found = []
    for name, bins in reference.bins.items():
        own = reference.profile.columns[name]
        if name in current.columns:
            found += _of_counts(name, bins, own, current.columns[name], policy, name in informs)
        else:
            found.append(_missing(name, own, policy))
    days = current.days.tolist()
    found = [replace(one, days=days) if one.daily else one for one in found]
    before = None if window.before is None else profile_rows(_last_days(window.before), reference.bins, device)
    return found + _of_levels(reference, current, before)


def _of_counts(
    name: str, bins: Bins, reference: ColumnProfile, window: ColumnProfile, policy: Monitoring, informs: bool
) -> list[Observation]:
    expected, total, by_day = reference.counts.sum(axis=0), window.counts.sum(axis=0), window.counts
    rows = total.sum()
    found = [
        _told(
            "null_rate_rise",
            name,
            null_rate_rise(expected, total),
            null_rate_rise(expected, by_day),
            policy.null_rate_rise,
            f"null in {total[-1] / rows:.1%} of rows, {expected[-1] / expected.sum():.1%} in the reference",
        )
    ]
    outside = int(total[bins.outside].sum())
    novel = (novelty_rate(bins, expected, total), novelty_rate(bins, expected, by_day))
    if isinstance(bins, NumberBins):
        text = f"{outside:,} of {rows:,} rows beyond the reference's range"
        worth = None if informs else policy.out_of_range_rate
        found.append(_told("out_of_range_rate", name, *novel, worth, text))
    else:
        text = f"{outside:,} of {rows:,} rows in categories that the reference does not have"
        found.append(_told("unseen_rate", name, *novel, policy.unseen_rate, text))
        found.append(_vanished(name, bins, expected, by_day, None if informs else policy.vanished_rate))
    index, season = psi(bins, expected, total), ", which moves with the season" if informs else ""
    worth = None if informs else policy.psi_warning
    found.append(_told("psi", name, index, psi(bins, expected, by_day), worth, f"PSI {index:.3f}{season}"))
    if isinstance(bins, NumberBins):
        found.append(_distance(name, bins, reference, window))
    return found


def _vanished(
    name: str, bins: CategoryBins, expected: np.ndarray, by_day: np.ndarray, worth: float | None
) -> Observation:
    """The share that categories had in the reference which have no rows at the window's end, beyond chance."""
    common = len(bins.common)
    last, usual = by_day[-LAST_DAYS:, :-1].sum(axis=0), expected[:-1] / max(1, expected[:-1].sum())
    gone = (last[:common] == 0) & (usual[:common] * last.sum() >= LEAST_EXPECTED)
    named = ", ".join(str(one) for one in bins.common[gone])
    share = float(usual[:common][gone].sum())
    text = f"no rows of {named} in the last {LAST_DAYS} days, {share:.1%} of the reference" if named else "none ended"
    return _told("vanished_rate", name, share, np.empty(0), worth, text)


def _distance(name: str, bins: NumberBins, reference: ColumnProfile, window: ColumnProfile) -> Observation:
    total, daily = (
        wasserstein(bins, reference, counts, sums / np.maximum(1, known))
        for counts, sums, known in (
            (window.counts.sum(axis=0), window.sums.sum(), window.known.sum()),
            (window.counts, window.sums, window.known),
        )
    )
    told = np.isfinite(total)
    text = f"{total:.2f} standard deviations away" if told else "constant in the reference, or no number in the window"
    return _told("wasserstein", name, total, daily if told else np.empty(0), None, text)


def _missing(name: str, reference: ColumnProfile, policy: Monitoring) -> Observation:
    nulls = reference.counts[:, -1].sum() / reference.counts.sum()
    text = f"the column is missing in the window; null in {nulls:.1%} of the reference's rows"
    return _told("null_rate_rise", name, 1 - nulls, np.empty(0), policy.null_rate_rise, text)


def _of_levels(reference: ReferenceProfile, window: Profile, before: Profile | None) -> list[Observation]:
    """step and frozen of every column of numbers."""
    columns = [name for name, bins in reference.bins.items() if isinstance(bins, NumberBins) and name in window.columns]
    if not columns:
        return []
    pace = pace_of(reference.profile, columns)
    level = levels([window] if before is None else [before, window], columns, pace.usual_rows)
    day, of_window = level.days.astype("datetime64[D]").astype(str), level.days >= day_numbers(window.days[:1])
    steps = jumps(level) / np.where(pace.unit > 0, pace.unit, np.nan)
    still = np.where(of_window[:, None], 1 - changes(level) / pace.quietest, np.nan)
    found = []
    for position, name in enumerate(columns):
        at, value = _greatest(steps[:, position])
        text = f"the greatest move that stayed came on {day[at]}: {value:.2f} times an ordinary day's spread"
        unknown = "not told: constant in the reference, or fewer than 3 days after 5 others"
        found.append(_told("step", name, value, np.empty(0), STEP_WORTH, unknown if np.isnan(value) else text))
        at, value = _greatest(still[:, position])
        text = f"over {STILL_CHANGES} days to {day[at]} it moved {1 - value:.0%} of what the quietest reference days do"
        unknown = "not told: it stands still in the reference too, or the window has fewer than 5 days in a row"
        found.append(_told("frozen", name, value, np.empty(0), FROZEN_WORTH, unknown if np.isnan(value) else text))
    return found


def _greatest(values: np.ndarray) -> tuple[int, float]:
    """Where it is and what; NaN where none is known."""
    known = np.where(np.isnan(values), -np.inf, values)
    at = int(known.argmax())
    return at, float(known[at]) if np.isfinite(known[at]) else np.nan


def _last_days(rows: Rows) -> Rows:
    return rows.where(np.isin(rows.day, np.sort(pd.unique(rows.day))[-DAYS_BEFORE:]))


def _told(
    statistic: Statistic, column: str, value: np.ndarray | float, daily: np.ndarray, worth: float | None, text: str
) -> Observation:
    known = None if np.isnan(value) else float(value)
    return Observation("input", statistic, column, known, worth, text, daily=[float(one) for one in daily])
