"""One sentence for a person on call: what, since when, how bad, what it looks like, what to do first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.drift.report import Cause, Labels, Moved, SliceLoss
from pipelines.drift.series import BROKEN_PROMISES, ORDER, SeriesState, worst

LOOKS_LIKE: dict[Cause, str] = {
    "data_fault": "a data fault",
    "late_labels": "late labels",
    "volume": "a change of volume",
    "covariate_shift": "covariate shift (other inputs)",
    "concept_shift": "concept shift (another answer to the same inputs)",
    "unknown": "no cause that is known",
}
# A slice is worth naming when most of the loss sits in it, and more than its rows alone would bring.
CONCENTRATED, OVER_ITS_ROWS = 0.4, 1.5
LEAST_WEIGHT = 0.005


@dataclass(frozen=True)
class Told:
    """first: what to do first."""

    cause: Cause
    detail: str
    first: str


def sentence_of(
    told: Told, states: Sequence[SeriesState], labels: Labels, moved: Sequence[Moved], slices: Sequence[SliceLoss]
) -> str:
    """moved: the features of it, the most important first; slices: of the loss, none where nothing was lost."""
    if told.cause == "none":
        waits = "" if labels.final else f"; {labels.covered:.0%} of the labels are in, so quality is still open"
        return f"Nothing is beyond its threshold{waits}."
    alarming = [state for state in states if state.alarms]
    since = min((state.since for state in alarming if state.since), default=None)
    began = f" since {since}" if since else ""
    named = set(re.findall(r"\w+", told.detail))
    weight = sum(one.weight for one in moved if one.feature in named)
    matters = f" ({weight:.0%} of the model's gain)" if LEAST_WEIGHT <= weight < 1 else ""
    harm = "".join(f"; {one}" for one in (_harm(states, labels), _where(slices, labels)) if one)
    informs = ORDER.index(worst([state.severity for state in alarming])) <= ORDER.index("info")
    act = f"{'For information; if it lasts, ' if informs else 'First '}{told.first}"
    return f"Looks like {LOOKS_LIKE[told.cause]}{began}: {told.detail}{matters}{harm}. {act}."


def _harm(states: Sequence[SeriesState], labels: Labels) -> str:
    """What it costs by the labels, else how far the predictions moved."""
    losses = [one for one in states if one.observation.statistic == "loss" and one.threshold is not None]
    for state in losses:
        one = state.observation
        if one.value is not None and labels.final:
            interval = "" if one.low is None else f" [{one.low:.3f}, {one.high:.3f}]"
            if state.alarms:
                return f"{one.subject} lost {one.value:.3f}{interval}"
            beside = any(other.alarms for other in states if other.observation.statistic in BROKEN_PROMISES)
            return f"{one.subject} {'itself is within its bound' if beside else 'holds'}"
    shifts = [one.observation for one in states if one.observation.statistic == "mean_shift"]
    moved = [f"the mean prediction moved by {one.value:.3f}" for one in shifts if one.value is not None]
    return ", ".join([*moved, f"quality is open, {labels.covered:.0%} of the labels are in"])


def _where(slices: Sequence[SliceLoss], labels: Labels) -> str:
    for one in slices:
        of_rows = one.rows / labels.labelled if labels.labelled else 1.0
        if CONCENTRATED <= one.share <= 1 and one.share >= OVER_ITS_ROWS * of_rows:
            return f"{one.share:.0%} of the loss is in {one.column}={one.value}, {of_rows:.0%} of the rows"
    return ""
