"""The drift report of one model and partition: what moved, and how severe it is.

Quality with labels decides. Inputs warn at most, the seasonal ones only inform; predictions warn while
there are no labels to say whether they are wrong.
"""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from pipelines.drift.inputs import ColumnDrift
from pipelines.metrics import Measured
from pipelines.monitoring_spec import Monitoring
from pipelines.spec_words import HIGHER_IS_BETTER, Metric

Severity = Literal["ok", "warning", "critical"]
ORDER: tuple[Severity, ...] = ("ok", "warning", "critical")


@dataclass(frozen=True)
class Quality:
    """The champion on the partition's labelled rows. reference: its metric at its own evaluation."""

    metric: Metric
    measured: dict[str, Measured]
    reference: float
    labelled: int
    rows: int

    @property
    def loss(self) -> float:
        """By how much the partition is worse than the reference, in the metric's unit."""
        gap = self.reference - self.measured[self.metric].value
        return gap if self.metric in HIGHER_IS_BETTER else -gap

    @property
    def least_loss(self) -> float | None:
        """The loss at the better end of the interval."""
        low, high = self.measured[self.metric].low, self.measured[self.metric].high
        if low is None or high is None:
            return None
        return self.reference - high if self.metric in HIGHER_IS_BETTER else low - self.reference


@dataclass(frozen=True)
class DriftReport:
    """severity: of everything, with its reasons; quality_severity: of quality alone, None until labels are in."""

    model: str
    part: str
    model_version: int
    severity: Severity
    reasons: list[str]
    quality_severity: Severity | None
    quality: Quality | None
    positive_rate: float | None
    prediction: ColumnDrift
    inputs: list[ColumnDrift]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)


def assess(
    policy: Monitoring, quality: Quality | None, prediction: ColumnDrift, inputs: list[ColumnDrift]
) -> tuple[Severity, list[str]]:
    """The severity and its reasons, the worst first. quality is None until labels are in."""
    found: list[tuple[Severity, str]] = []
    if quality is not None:
        found.append(judge_quality(policy, quality))
    for column in inputs:
        if column.null_rate_rise >= policy.null_rate_rise:
            found.append(("warning", f"{column.column}: {column.null_rate_rise:.0%} more nulls than in training"))
        elif column.psi >= policy.psi_warning and not column.seasonal:
            found.append(("warning", f"{column.column}: PSI {column.psi:.2f} against training"))
    if quality is None and prediction.psi >= policy.psi_warning:
        found.append(("warning", f"predictions: PSI {prediction.psi:.2f} against those held out at evaluation"))
    alarms = sorted((one for one in found if one[0] != "ok"), key=lambda one: -ORDER.index(one[0]))
    return (alarms[0][0] if alarms else "ok"), [reason for _, reason in alarms]


def judge_quality(policy: Monitoring, quality: Quality) -> tuple[Severity, str]:
    """The severity of quality alone, and the figures in words."""
    now = quality.measured[quality.metric]
    interval = "" if now.low is None else f" [{now.low:.3f}, {now.high:.3f}]"
    text = f"{quality.metric} {now.value:.3f}{interval} against {quality.reference:.3f} at evaluation"
    certain = quality.loss if quality.least_loss is None else quality.least_loss
    if certain > policy.critical_loss:
        return "critical", text
    return ("warning" if quality.loss > policy.warning_loss else "ok"), text
