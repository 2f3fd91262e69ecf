"""Why a window alarms: which features moved, where the quality was lost, and whether the data or the world changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.drift.conditional import CHANCE, Conditional, compare_labels
from pipelines.drift.data_faults import DataFault, Suspect, find_faults
from pipelines.drift.renames import exchanged
from pipelines.drift.report import Attribution, Labels, Moved
from pipelines.drift.sentence import Told, sentence_of
from pipelines.drift.series import SeriesState, Statistic
from pipelines.drift.slice_losses import slice_losses
from pipelines.drift.windows import Reference, Window
from pipelines.features import FeatureView

# In standard deviations of the label. Over 2013 the labels of a month are .05 to .15 from those of the month before
# at equal scores, and chance explains all but the greatest.
LEAST_MOVE = 0.1
SHOWN = 3


@dataclass(frozen=True)
class Case:
    """What the states say. beyond: those beyond their thresholds. inputs: columns that alarm, the most important
    first; seasonal: those that only inform of a move."""

    beyond: list[SeriesState]
    inputs: list[str]
    seasonal: list[str]
    vanished: dict[str, list[str]]
    conditional: Conditional | None

    def first(self, *statistics: Statistic) -> SeriesState | None:
        found = [state for state in self.beyond if state.observation.statistic in statistics]
        return found[0] if found else None

    @property
    def lost(self) -> bool:
        return self.first("loss") is not None

    @property
    def label_moved(self) -> bool:
        """At equal scores, beyond chance and by what matters."""
        told = self.conditional
        return told is not None and told.chance <= CHANCE and told.of_spread >= LEAST_MOVE


def attribute(
    states: Sequence[SeriesState],
    reference: Reference,
    window: Window,
    labels: Labels,
    views: Sequence[FeatureView] = (),
) -> Attribution:
    """The cause of what is beyond its threshold in one window, and one sentence of it.

    views: as declared, for the units and feeds of the columns; without them a detail names columns alone.
    """
    weights = _weights(reference.importances)
    moved = _moved(states, weights)
    beyond = [state for state in states if state.is_beyond]
    slices = slice_losses(reference.held_out, window)
    if not beyond:
        return Attribution("none", "", moved, slices, sentence_of(Told("none", "", ""), states, labels, [], []))
    suspects = _suspects(states, weights)
    faults = find_faults(suspects, reference, window, views)
    case = Case(
        beyond=beyond,
        inputs=[one.feature for one in moved if _alarms(one, beyond)],
        seasonal=[one.feature for one in moved if not _alarms(one, beyond)],
        vanished=_vanished(suspects, reference, window),
        conditional=compare_labels(reference.held_out, window) if labels.final else None,
    )
    told = _told(case, faults)
    lossy = slices if case.lost else []
    return Attribution(told.cause, told.detail, moved, slices, sentence_of(told, states, labels, moved, lossy))


def _told(case: Case, faults: list[DataFault]) -> Told:
    """The first cause that fits: broken data make every other sign, and missing labels hide them."""
    if faults:
        more = f"; also {', '.join(one.detail for one in faults[1:SHOWN])}" if faults[1:] else ""
        return Told("data_fault", f"{faults[0].detail}{more}", faults[0].first)
    if late := case.first("unlabelled_rate"):
        return Told("late_labels", late.observation.text, "ask the source of the labels why they are late")
    if case.vanished:
        gone = [f"{column} {', '.join(values[:SHOWN])}" for column, values in case.vanished.items()]
        return Told("covariate_shift", f"no more rows of {'; '.join(gone)}", "ask whether that is so in the world")
    if (volume := case.first("volume_change")) and not case.inputs:
        return Told("volume", volume.observation.text, "compare the rows with the source's own count")
    return _shift(case) or Told("unknown", case.beyond[0].observation.text, "look at the page, column by column")


def _shift(case: Case) -> Told | None:
    """Whether the inputs moved, or what they mean for the label."""
    moved_most = ", ".join((case.inputs or case.seasonal)[:SHOWN])
    predictions = case.first("psi", "mean_shift", "confidence_shift")
    if case.lost and case.label_moved and case.conditional is not None:
        told = case.conditional
        how = f"at equal scores the label is {abs(told.move):.3g} {'higher' if told.move > 0 else 'lower'} on average"
        beside = f", while {', '.join(case.inputs[:SHOWN])} moved too" if case.inputs else ", and no input alarms"
        return Told("concept_shift", f"{how}{beside}", "train on the newest labels, and compare on the newest month")
    if case.inputs or (case.seasonal and (predictions or case.lost)):
        season = "" if case.inputs else ", as with the season"
        holds = "" if case.conditional is None or case.label_moved else "; at equal scores the label is as it was"
        return Told("covariate_shift", f"{moved_most} moved{season}{holds}", "look whether the world or a feed moved")
    return None


def _weights(importances: Mapping[str, float]) -> dict[str, float]:
    """By feature: an encoded column such as carrier=AA counts with its feature."""
    weights: dict[str, float] = {}
    for name, share in importances.items():
        feature = name.partition("=")[0]
        weights[feature] = weights.get(feature, 0.0) + share
    return weights


def _moved(states: Sequence[SeriesState], weights: Mapping[str, float]) -> list[Moved]:
    """One a feature, by its series that alarms, else by that which informs; what alarms first, then by weight."""
    found: dict[str, SeriesState] = {}
    for state in states:
        one = state.observation
        if one.family == "input" and (state.is_beyond or state.severity != "ok"):
            known = found.get(one.subject)
            if known is None or _rank(state) > _rank(known):
                found[one.subject] = state
    moved = [(state, Moved(name, state.observation.series, _weight(name, weights))) for name, state in found.items()]
    moved.sort(key=lambda pair: (not pair[0].is_beyond, -pair[1].weight, pair[1].feature))
    return [one for _, one in moved]


def _rank(state: SeriesState) -> tuple[bool, float]:
    value = state.observation.value or 0.0
    return state.is_beyond, value / state.threshold if state.threshold else value


def _weight(feature: str, weights: Mapping[str, float]) -> float:
    return weights.get(feature, 0.0) if weights else 1.0


def _alarms(moved: Moved, beyond: Sequence[SeriesState]) -> bool:
    return any(state.observation.series == moved.series for state in beyond)


def _suspects(states: Sequence[SeriesState], weights: Mapping[str, float]) -> list[Suspect]:
    """Columns that moved, views that are old, scores and labels that differ; the most important first."""
    found: dict[tuple[str, str], dict[Statistic, SeriesState]] = {}
    for state in states:
        one = state.observation
        if one.family in ("input", "freshness", "skew"):
            found.setdefault((one.family, one.subject), {})[one.statistic] = state
    suspects = [
        Suspect(subject, by_statistic)
        for (_, subject), by_statistic in found.items()
        if any(state.is_beyond or state.severity != "ok" for state in by_statistic.values())
    ]
    return sorted(suspects, key=lambda one: (-_weight(one.name, weights), one.name))


def _vanished(suspects: Sequence[Suspect], reference: Reference, window: Window) -> dict[str, list[str]]:
    """Categories that have no more rows, by the columns that alarm and are no numbers."""
    columns = [
        one.name
        for one in suspects
        if "unseen_rate" in one.states and one.name in window.rows.features and one.beyond("psi", "unseen_rate")
    ]
    gone = {name: exchanged(name, reference, window).vanished for name in columns}
    return {name: sorted(shares, key=lambda value: -shares[value]) for name, shares in gone.items() if shares}
