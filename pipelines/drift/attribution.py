"""Why a window alarms: which features moved, where the quality was lost, and whether the data or the world changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.drift.conditional import CHANCE, Conditional, compare_labels
from pipelines.drift.data_faults import DataFault, Suspect, find_faults
from pipelines.drift.renames import exchanged
from pipelines.drift.report import Attribution, Labels, Moved
from pipelines.drift.sentence import Told, sentence_of
from pipelines.drift.series import BROKEN_PROMISES, Family, SeriesState, Statistic
from pipelines.drift.slice_losses import slice_losses
from pipelines.drift.windows import Reference, Window
from pipelines.features import FeatureView

# In standard deviations of the label. Over 2013 the labels of a month are .05 to .15 from those of the month before
# at equal scores, and chance explains all but the greatest.
LEAST_MOVE = 0.1
SHOWN = 3
# Of the rows: without an alarm of its column a rarer category may have ended with its season.
COMMON = 0.05


@dataclass(frozen=True)
class Ended:
    """vanished: categories without rows, the most frequent first. since: a day."""

    vanished: list[str]
    since: str


@dataclass(frozen=True)
class Case:
    """What the states say. alarming: in the order of the observations. inputs: columns that alarm, the most important
    first; seasonal: those that only inform of a move. vanished: categories that ended, by column."""

    alarming: list[SeriesState]
    inputs: list[str]
    seasonal: list[str]
    vanished: dict[str, Ended]
    conditional: Conditional | None

    def first(self, family: Family, statistic: Statistic | None = None) -> SeriesState | None:
        found = (
            state
            for state in self.alarming
            if state.observation.family == family and statistic in (None, state.observation.statistic)
        )
        return next(found, None)

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
    """The cause of what alarms in one window, and one sentence of it.

    views: as declared, for the units and feeds of the columns; without them a detail names columns alone.
    """
    weights = _weights(reference.importances)
    moved = _moved(states, weights)
    slices = slice_losses(reference.held_out, window)
    alarming = [state for state in states if state.alarms]
    if not alarming:
        return Attribution("none", "", moved, slices, sentence_of(Told("none", "", ""), states, labels, [], []))
    faults = find_faults(_suspects(states, weights), reference, window, views)
    columns = {state.observation.subject for state in alarming if state.observation.family == "input"}
    case = Case(
        alarming=alarming,
        inputs=[one.feature for one in moved if one.feature in columns],
        seasonal=[one.feature for one in moved if one.feature not in columns],
        vanished=_vanished(states, columns, reference, window),
        conditional=compare_labels(reference.held_out, window) if labels.final else None,
    )
    told = _told(case, faults)
    lossy = slices if case.first("quality") else []
    return Attribution(told.cause, told.detail, moved, slices, sentence_of(told, states, labels, moved, lossy))


def _told(case: Case, faults: list[DataFault]) -> Told:
    """The first cause that fits: broken data bring every other sign with them, and missing labels hide others."""
    if faults and not (case.vanished and all(one.by_mix for one in faults)):
        more = f"; also {', '.join(one.detail for one in faults[1:SHOWN])}" if faults[1:] else ""
        return Told("data_fault", f"{faults[0].detail}{more}", faults[0].first)
    if late := case.first("freshness", "unlabelled_rate") or case.first("freshness", "overdue_rate"):
        return Told("late_labels", late.observation.text, "ask the source of the labels why they are late")
    if case.vanished:
        gone = [
            f"{column} {', '.join(ended.vanished[:SHOWN])} from {ended.since} on"
            for column, ended in case.vanished.items()
        ]
        return Told("covariate_shift", f"no more rows of {'; '.join(gone)}", "ask whether that is so in the world")
    if (volume := case.first("volume")) and not case.first("input", "psi"):
        return Told("volume", volume.observation.text, "compare the rows with the source's own count")
    return _shift(case) or Told("unknown", case.alarming[0].observation.text, "look at the page, column by column")


def _shift(case: Case) -> Told | None:
    """Whether the inputs moved, or what they mean for the label."""
    lost, told = case.first("quality"), case.conditional
    if lost and (how := _other_answer(case)):
        beside = f", while {', '.join(case.inputs[:SHOWN])} moved too" if case.inputs else ", and no input alarms"
        return Told("concept_shift", f"{how}{beside}", "train on the newest labels, and compare on the newest window")
    if case.inputs or (case.seasonal and (lost or case.first("prediction"))):
        moved = ", ".join((case.inputs or case.seasonal)[:SHOWN])
        manner = _manner(case) if case.inputs else ", as with the season"
        holds = "" if told is None or case.label_moved else "; at equal scores the label is as it was"
        first = "see on the page how they moved, and whether the world did"
        return Told("covariate_shift", f"{moved} moved{manner}{holds}", first)
    return None


def _other_answer(case: Case) -> str | None:
    """How the label differs from what the scores let expect of it; None where it does not."""
    told, broken = case.conditional, [one for one in case.alarming if one.observation.statistic in BROKEN_PROMISES]
    if case.label_moved and told is not None:
        return f"at equal scores the label is {abs(told.move):.3g} {'higher' if told.move > 0 else 'lower'} on average"
    return broken[0].observation.text if broken else None


def _manner(case: Case) -> str:
    """How the most important column that alarms moved, where its days tell."""
    found = [one for one in case.alarming if one.observation.subject == case.inputs[0] and one.pattern == "gradual"]
    return f" gradually, from about {found[0].onset}" if found and found[0].onset else ""


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
        name = state.observation.subject
        if state.observation.family == "input" and (state.alarms or state.severity != "ok"):
            found[name] = max(found.get(name, state), state, key=_rank)
    moved = [(state, Moved(name, state.observation.series, _weight(name, weights))) for name, state in found.items()]
    moved.sort(key=lambda pair: (not pair[0].alarms, -pair[1].weight, pair[1].feature))
    return [one for _, one in moved]


def _rank(state: SeriesState) -> tuple[bool, float]:
    value = state.observation.value or 0.0
    return state.alarms, value / state.threshold if state.threshold else value


def _weight(feature: str, weights: Mapping[str, float]) -> float:
    return weights.get(feature, 0.0) if weights else 1.0


def _suspects(states: Sequence[SeriesState], weights: Mapping[str, float]) -> list[Suspect]:
    """All columns, views, scores and labels, the most important first: a unit may change below every threshold."""
    found: dict[tuple[Family, str], dict[Statistic, SeriesState]] = {}
    for state in states:
        one = state.observation
        if one.family in ("input", "freshness", "skew"):
            found.setdefault((one.family, one.subject), {})[one.statistic] = state
    suspects = [Suspect(subject, by_statistic) for (_, subject), by_statistic in found.items()]
    return sorted(suspects, key=lambda one: (-_weight(one.name, weights), one.name))


def _vanished(
    states: Sequence[SeriesState], alarming: set[str], reference: Reference, window: Window
) -> dict[str, Ended]:
    """Of each column the common categories that ended, and of one that alarms all of them."""
    found = {}
    for name in [state.observation.subject for state in states if state.observation.statistic == "unseen_rate"]:
        if name not in window.rows.features:
            continue
        exchange = exchanged(name, reference, window)
        shares = {value: share for value, share in exchange.vanished.items() if name in alarming or share >= COMMON}
        if shares:
            found[name] = Ended(sorted(shares, key=lambda value: -shares[value]), exchange.since)
    return found
