"""What of the data is broken rather than different: units, codes, nulls, feeds that stand still, impossible values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.renames import exchanged
from pipelines.drift.series import SeriesState, Statistic
from pipelines.drift.steps import onset_of_nulls, onset_of_standstill, sides_of_step
from pipelines.drift.units import unit_change
from pipelines.drift.windows import Reference, Window
from pipelines.features import FeatureView

# Columns named in a detail; a feed that breaks takes all of its columns with it.
SHOWN = 3
# A placeholder such as 9999 fills rows, and no other number comes to lie outside with it.
PLACEHOLDER_ROWS, OTHERS_OUTSIDE = 0.01, 0.05
COMPARED_VALUES = 2000
# Of the reference's days by their share of nulls. Over 2013 gusts are null in 65 to 87 % of a month's rows, and in 98 %
# of those of a day in ten: no month is beyond it.
WORST_DAYS = 0.9


@dataclass(frozen=True)
class Suspect:
    """A column, a view, the scores or the labels. states: by statistic."""

    name: str
    states: dict[Statistic, SeriesState]

    def alarming(self, statistic: Statistic) -> SeriesState | None:
        state = self.states.get(statistic)
        return state if state is not None and state.alarms else None


@dataclass(frozen=True)
class DataFault:
    """subjects: columns, views or others, the most important first. first: what to do about it. by_mix: whether it
    may come with rows that are missing, as when an airport closes."""

    what: str
    subjects: list[str]
    view: str | None
    first: str
    by_mix: bool

    @property
    def detail(self) -> str:
        named = ", ".join(self.subjects[:SHOWN])
        more = f" and {len(self.subjects) - SHOWN} more" if len(self.subjects) > SHOWN else ""
        of = f" (view {self.view})" if self.view else ""
        return f"{self.what.format(f'{named}{more}')}{of}"


@dataclass(frozen=True)
class Finding:
    """What was seen of one suspect. alike: what it shares with others of the same fault; what: in words, with a
    place for the subjects."""

    alike: str
    what: str


def find_faults(
    suspects: Sequence[Suspect], reference: Reference, window: Window, views: Sequence[FeatureView]
) -> list[DataFault]:
    """The faults, those that say most first; subjects that broke in the same way are one fault.

    suspects: the most important first.
    """
    units = {feature.name: feature.unit for view in views for feature in view.features}
    of_view = {feature.name: view.name for view in views for feature in view.features}
    found: dict[tuple[int, str, str | None], DataFault] = {}
    for suspect in suspects:
        view = of_view.get(suspect.name)
        for rank, (look, first) in enumerate(LOOKS):
            seen = look(suspect, reference, window, units.get(suspect.name))
            if seen is not None:
                fault = DataFault(seen.what, [], view, first, look in BY_MIX)
                found.setdefault((rank, seen.alike, view), fault).subjects.append(suspect.name)
                break
    return [found[key] for key in sorted(found, key=lambda key: key[0])]


def _placeholder(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> Finding | None:
    """One number far outside the range, where all others are within it as before: 9999 for a null."""
    column, known = _numbers(suspect, window), _known(suspect, reference)
    if column is None or known is None:
        return None
    least, most = known.min(), known.max()
    values, counts = np.unique(column[(column < least) | (column > most)], return_counts=True)
    if not len(values) or counts.max() < PLACEHOLDER_ROWS * len(column):
        return None
    value, share = values[counts.argmax()], counts.max() / len(column)
    is_far = value < least - (most - least) or value > most + (most - least)
    if not is_far or counts.sum() - counts.max() > OTHERS_OUTSIDE * np.isfinite(column[column != value]).sum():
        return None
    return Finding(f"{value:g}", f"{value:g} in {share:.0%} of the rows of {{}}, as if for a null")


def _unit(suspect: Suspect, reference: Reference, window: Window, unit: str | None) -> Finding | None:
    column, known = _numbers(suspect, window), _known(suspect, reference)
    if column is None or known is None:
        return None
    sides = sides_of_step(suspect.name, reference, window)
    if sides is not None and (change := unit_change(_some(sides.before), _some(sides.after), unit)):
        return Finding(change, f"unit of {{}}: {change} from {sides.day} on")
    # It may have changed windows ago. Only of a declared unit: a season lies between, and many units are near others.
    change = None if unit is None else unit_change(_some(known), _some(column), unit)
    return None if change is None else Finding(change, f"unit of {{}}: {change} since before {window.part}")


def _code(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> Finding | None:
    if suspect.alarming("unseen_rate") is None or suspect.name not in window.rows.features:
        return None
    found = exchanged(suspect.name, reference, window)
    pairs = [f"{old} renamed to {new} ({share:.0%} of rows)" for old, new, share in found.pairs]
    if pairs:
        return Finding("renamed", f"codes of {{}}: {', '.join(pairs[:SHOWN])} from {found.since} on")
    new = ", ".join(found.unseen[:SHOWN])
    return Finding("unseen", f"codes of {{}}: {new} from {found.since} on, which the reference never had")


def _frozen(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> Finding | None:
    """Columns of a feed are one fault, dated by the most important: each may stand still a day sooner by chance."""
    if suspect.alarming("frozen") is None:
        return None
    day = onset_of_standstill(suspect.name, reference, window)
    return Finding("frozen", "a feed stands still: {}" + (f", from {day} on" if day else ""))


def _null(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> Finding | None:
    """More nulls than on the reference's worst days: a gust is null in calm weather, and calm months come."""
    if suspect.alarming("null_rate_rise") is None:
        return None
    if suspect.name not in window.rows.features:
        return Finding("missing", "missing in the window: {}")
    share = float(window.rows.features[suspect.name].isna().mean())
    usual = reference.rows.features[suspect.name].isna().groupby(reference.rows.day).mean().quantile(WORST_DAYS)
    if share <= usual:
        return None
    began = onset_of_nulls(suspect.name, reference, window, usual)
    if began is None:
        return Finding("null", f"nulls in {share:.0%} of the rows of {{}}")
    when = f"from {began.day} on" if began.day else f"since before {window.part}"
    return Finding(f"null {when}", f"nulls in {began.share:.0%} of the rows of {{}} {when}")


def _old(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> Finding | None:
    state = suspect.alarming("feature_age_h")
    return (
        None
        if state is None
        else Finding("", f"feed {{}} late: values {state.observation.value:.0f} h old on its worst day")
    )


def _out_of_range(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> Finding | None:
    state = suspect.alarming("out_of_range_rate")
    return (
        None
        if state is None
        else Finding("", f"{state.observation.value:.0%} of the rows of {{}} beyond the reference's range")
    )


def _jumped(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> Finding | None:
    if suspect.alarming("step") is None:
        return None
    sides = sides_of_step(suspect.name, reference, window)
    return Finding("", "level of {} jumped" + ("" if sides is None else f" on {sides.day}"))


def _skewed(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> Finding | None:
    state = suspect.alarming("rate")
    return (
        None if state is None else Finding("", f"{state.observation.value:.0%} of logged {{}} come out otherwise now")
    )


def _contradicted(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> Finding | None:
    if (state := suspect.alarming("contradicted_rate")) is None:
        return None
    return Finding("", f"{state.observation.value:.1%} of the {{}} contradict earlier ones")


Look = Callable[[Suspect, Reference, Window, str | None], Finding | None]
# The most telling first: a unit that changed also jumps, and a feed that stands still may stand at a null.
LOOKS: tuple[tuple[Look, str], ...] = (
    (_placeholder, "ask the source what it means by that number"),
    (_unit, "ask the source which unit it sends"),
    (_code, "ask the source for its codes"),
    (_frozen, "see whether the feed still measures"),
    (_null, "see which rows the feed did not send"),
    (_old, "start the feed again"),
    (_out_of_range, "ask the source what these values are"),
    (_jumped, "ask the source what it changed that day"),
    (_skewed, "compare the features that were served with the stored ones"),
    (_contradicted, "ask the source why it corrected them"),
)

BY_MIX: tuple[Look, ...] = (_frozen, _out_of_range, _jumped)


def _known(suspect: Suspect, reference: Reference) -> np.ndarray | None:
    """The finite numbers of the reference."""
    column = reference.rows.features.get(suspect.name)
    if column is None or not pd.api.types.is_numeric_dtype(column):
        return None
    values = np.asarray(column, dtype="float64")
    values = values[np.isfinite(values)]
    return values if len(values) else None


def _some(values: np.ndarray) -> np.ndarray:
    """At most so many, evenly spaced."""
    return values[:: max(1, len(values) // COMPARED_VALUES)]


def _numbers(suspect: Suspect, window: Window) -> np.ndarray | None:
    column = window.rows.features.get(suspect.name)
    if column is None or not pd.api.types.is_numeric_dtype(column):
        return None
    return np.asarray(column, dtype="float64")
