"""What the journal keeps of the quality that a run saw: enough to draw it for hundreds of models from one table."""

from typing import Any

from pipelines.drift.report import DriftReport, Labels
from pipelines.drift.series import SeriesState
from pipelines.spec_words import Metric


def quality_of(report: DriftReport, metric: Metric) -> list[dict[str, Any]]:
    """The watched metric in the report's own window and in those that it looked at again; JSON.

    Each with part, version (that scored it), metric, value, low, high (95 %, clustered by day), labelled (share of its
    rows) and final. A window in which it could not be measured is left out.
    """
    windows = [(report.part, report.model_version, report.labels, report.states)]
    windows += [(one.part, one.model_version, one.labels, one.states) for one in report.revisited]
    told = [_told(metric, part, version, labels, states) for part, version, labels, states in windows]
    return [one for one in told if one is not None]


def _told(metric: Metric, part: str, version: int, labels: Labels, states: list[SeriesState]) -> dict[str, Any] | None:
    losses = [one.observation for one in states if one.observation.series == f"quality/loss/{metric}"]
    if not losses or not losses[0].measured:
        return None
    value, low, high = (*losses[0].measured, None, None)[:3]
    return {
        "part": part,
        "version": version,
        "metric": metric,
        "value": value,
        "low": low,
        "high": high,
        "labelled": labels.covered,
        "final": labels.final,
    }
