"""What of the data is broken rather than different: units, codes, nulls, feeds that stand still, impossible values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.drift.renames import Exchange, exchanged
from pipelines.drift.series import SeriesState, Statistic
from pipelines.drift.steps import sides_of_step
from pipelines.drift.units import unit_change
from pipelines.drift.windows import Reference, Window
from pipelines.features import FeatureView

# Columns named in a detail; a feed that breaks takes all of its columns with it.
SHOWN = 3
# A placeholder such as 9999 is most of what lies outside the range.
PLACEHOLDER_SHARE = 0.5
COMPARED_VALUES = 5000


@dataclass(frozen=True)
class Suspect:
    """A column or view of which a series is beyond its threshold, or informs of a move. states: by statistic."""

    name: str
    states: dict[Statistic, SeriesState]

    def beyond(self, *statistics: Statistic) -> SeriesState | None:
        return next((self.states[one] for one in statistics if one in self.states and self.states[one].is_beyond), None)


@dataclass(frozen=True)
class DataFault:
    """subjects: columns, views or others, the most important first. first: what to do about it."""

    what: str
    subjects: list[str]
    views: list[str]
    first: str

    @property
    def detail(self) -> str:
        named = ", ".join(self.subjects[:SHOWN])
        more = f" and {len(self.subjects) - SHOWN} more" if len(self.subjects) > SHOWN else ""
        of = f" (view {', '.join(self.views)})" if self.views else ""
        return f"{self.what.format(f'{named}{more}')}{of}"


Finding = tuple[str, str]
"""What, with a place for the subjects, and what to do first."""


def find_faults(
    suspects: Sequence[Suspect], reference: Reference, window: Window, views: Sequence[FeatureView]
) -> list[DataFault]:
    """The faults, those that say most first; subjects that broke in the same way are one fault.

    suspects: the most important first.
    """
    units = {feature.name: feature.unit for view in views for feature in view.features}
    of_view = {feature.name: view.name for view in views for feature in view.features}
    found: dict[tuple[int, Finding], list[str]] = {}
    for suspect in suspects:
        for rank, (look, first) in enumerate(LOOKS):
            what = look(suspect, reference, window, units.get(suspect.name))
            if what is not None:
                found.setdefault((rank, (what, first)), []).append(suspect.name)
                break
    return [
        DataFault(what, names, sorted({of_view[name] for name in names if name in of_view}), first)
        for (_, (what, first)), names in sorted(found.items(), key=lambda item: item[0][0])
    ]


def _unit(suspect: Suspect, reference: Reference, window: Window, unit: str | None) -> str | None:
    column = _numbers(suspect, window)
    if column is None:
        return None
    sides = sides_of_step(suspect.name, reference, window)
    if sides is not None and (change := unit_change(sides.before, sides.after, unit)):
        return f"unit of {{}}: {change} from {sides.day} on"
    if unit is None or suspect.name not in reference.rows.features:
        return None
    # It may have changed windows ago. Only of a declared unit: seasons lie between, and many units are near to one.
    known = reference.rows.features[suspect.name].to_numpy(dtype="float64")
    change = unit_change(_some(known), _some(column), unit)
    return None if change is None else f"unit of {{}}: {change} since before {window.part}"


def _renamed(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> str | None:
    if suspect.beyond("unseen_rate") is None:
        return None
    found: Exchange = exchanged(suspect.name, reference, window)
    pairs = [f"{old} renamed to {new} ({share:.0%} of rows)" for old, new, share in found.pairs]
    if pairs:
        return f"codes of {{}}: {', '.join(pairs[:SHOWN])} from {found.since} on"
    new = ", ".join(found.unseen[:SHOWN])
    return f"codes of {{}}: {new}, which the reference never had"


def _null(suspect: Suspect, _: Reference, window: Window, __: str | None) -> str | None:
    if suspect.beyond("null_rate_rise") is None:
        return None
    if suspect.name not in window.rows.features:
        return "{} missing in the window"
    # Rounded, so that the columns of one feed are one fault.
    return f"nulls in {window.rows.features[suspect.name].isna().mean():.0%} of the rows of {{}}"


def _old(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> str | None:
    state = suspect.beyond("feature_age_h")
    return None if state is None else f"feed {{}} stopped: values {state.observation.value:.0f} h old on its worst day"


def _frozen(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> str | None:
    return None if suspect.beyond("frozen") is None else "feed stands still: {}"


def _out_of_range(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> str | None:
    column = _numbers(suspect, window)
    if column is None or suspect.beyond("out_of_range_rate", "step") is None:
        return None
    known = reference.rows.features[suspect.name].to_numpy(dtype="float64")
    known = known[np.isfinite(known)]
    # NaN is neither; infinities are outside.
    outside = column[(column < known.min()) | (column > known.max())] if len(known) else column[:0]
    values, counts = np.unique(outside, return_counts=True)
    if len(values) and counts.max() > PLACEHOLDER_SHARE * len(outside) and suspect.beyond("step"):
        return f"{values[counts.argmax()]:g} in {counts.max() / len(column):.0%} of the rows of {{}}, as for a null"
    if suspect.beyond("out_of_range_rate") is None:
        return None
    return f"{len(outside) / len(column):.0%} of the rows of {{}} beyond the reference's range"


def _jumped(suspect: Suspect, reference: Reference, window: Window, _: str | None) -> str | None:
    if suspect.beyond("step") is None:
        return None
    sides = sides_of_step(suspect.name, reference, window)
    return "level of {} jumped" + ("" if sides is None else f" on {sides.day}")


def _skewed(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> str | None:
    state = suspect.beyond("rate")
    return None if state is None else f"{state.observation.value:.0%} of logged {{}} come out otherwise now"


def _contradicted(suspect: Suspect, _: Reference, __: Window, ___: str | None) -> str | None:
    state = suspect.beyond("contradicted_rate")
    return None if state is None else f"{state.observation.value:.0%} of the {{}} contradict earlier ones"


Look = Callable[[Suspect, Reference, Window, str | None], str | None]
# The most telling first: what renames a code or changes a unit also moves the distribution.
LOOKS: tuple[tuple[Look, str], ...] = (
    (_unit, "ask the source which unit it sends"),
    (_renamed, "ask the source for its new codes"),
    (_old, "start the feed again"),
    (_null, "look for the rows that the feed did not send"),
    (_frozen, "look whether the feed still measures"),
    (_out_of_range, "look up what the source means by these values"),
    (_jumped, "ask the source what it changed that day"),
    (_skewed, "compare the features that were served with the stored ones"),
    (_contradicted, "ask the source why it corrected them"),
)


def _some(values: np.ndarray) -> np.ndarray:
    """At most so many, evenly spaced."""
    return values[:: max(1, len(values) // COMPARED_VALUES)]


def _numbers(suspect: Suspect, window: Window) -> np.ndarray | None:
    column = window.rows.features.get(suspect.name)
    if column is None or not pd.api.types.is_numeric_dtype(column):
        return None
    return np.asarray(column, dtype="float64")
