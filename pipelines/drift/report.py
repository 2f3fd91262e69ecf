"""The drift report of one model and partition: what moved, how severe it is, and what it looks like."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pipelines.drift.series import LOSSES, Observation, SeriesState, Severity, worst
from pipelines.errors import CallerError

Cause = Literal["none", "data_fault", "covariate_shift", "concept_shift", "late_labels", "volume", "unknown"]


@dataclass(frozen=True)
class Labels:
    """The window's labels as of the run. covered: share of its rows that have one; final: whether that is
    enough; contradicted: rows whose label differs from what an earlier run knew."""

    rows: int
    labelled: int
    contradicted: int
    final: bool

    @property
    def covered(self) -> float:
        return self.labelled / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Moved:
    """A feature that moved. weight: its share of the champion's own importances, 1 where they are not to be had."""

    feature: str
    series: str
    weight: float


@dataclass(frozen=True)
class SliceLoss:
    """share: of the window's whole loss of quality, of its labelled rows of that value."""

    column: str
    value: str
    rows: int
    loss: float
    share: float


@dataclass(frozen=True)
class Attribution:
    """detail: such as 'unit of temperature_f: as if °C were °F'. sentence: for a person on call."""

    cause: Cause
    detail: str
    moved: list[Moved]
    slices: list[SliceLoss]
    sentence: str


@dataclass(frozen=True)
class Revisited:
    """An earlier window whose labels came or changed since it was last looked at.

    states: of its quality and its labels, judged now. counting: series of it that count in the report's severity.
    """

    part: str
    model_version: int
    labels: Labels
    states: list[SeriesState]
    counting: list[str] = field(default_factory=list)

    @property
    def counted(self) -> list[SeriesState]:
        return [state for state in self.states if state.observation.series in self.counting]


@dataclass(frozen=True)
class DriftReport:
    """as_of: ISO, UTC. severity: of everything; quality_severity: of quality alone, None until the window is final.
    reasons: the worst first. states: every series. revisited: oldest first; not_revisited: by part, why not."""

    model: str
    part: str
    as_of: str
    model_version: int
    severity: Severity
    quality_severity: Severity | None
    reasons: list[str]
    labels: Labels
    positive_rate: float | None
    attribution: Attribution
    states: list[SeriesState]
    revisited: list[Revisited] = field(default_factory=list)
    not_revisited: dict[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> list[SeriesState]:
        """Every series of this window, then what counts of those looked at again."""
        return [*self.states, *(state for window in self.revisited for state in window.counted)]

    @property
    def told_quality(self) -> Severity | None:
        """Of the newest window whose quality counts, this one or one looked at again; None where none does."""
        losses = [one for window in self.revisited for one in window.counted if one.observation.statistic in LOSSES]
        return self.quality_severity or (worst([one.severity for one in losses]) if losses else None)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, content: bytes) -> "DriftReport":
        """Raises CallerError for a report that another version of Trainyard wrote."""
        raw: dict[str, Any] = json.loads(content)
        model, part = raw.get("model", "…"), raw.get("part", "…")
        try:
            return _report(raw)
        except (KeyError, TypeError) as error:
            raise CallerError(
                f"{model}: the drift report of {part} is of another form than this version writes ({error}). "
                f"Make it anew: python -m pipelines backfill {model}__monitor --start … --end … --reprocess completed"
            ) from error


def _report(raw: dict[str, Any]) -> DriftReport:
    told = raw.pop("attribution")
    return DriftReport(
        labels=Labels(**raw.pop("labels")),
        attribution=Attribution(
            moved=[Moved(**one) for one in told.pop("moved")],
            slices=[SliceLoss(**one) for one in told.pop("slices")],
            **told,
        ),
        states=_states(raw.pop("states")),
        revisited=[_revisited(one) for one in raw.pop("revisited")],
        **raw,
    )


def _revisited(raw: dict[str, Any]) -> Revisited:
    return Revisited(labels=Labels(**raw.pop("labels")), states=_states(raw.pop("states")), **raw)


def _states(raw: list[dict[str, Any]]) -> list[SeriesState]:
    return [SeriesState(Observation(**one.pop("observation")), **one) for one in raw]
