"""The retrain decision: state and signals in, an answer and its reason out. Pure: no clock, no store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipelines.drift.report import ORDER, Severity
from pipelines.spec import Retrain

Answer = Literal["retrain", "wait"]


@dataclass(frozen=True)
class Decision:
    answer: Answer
    reason: str


def decide(
    policy: Retrain, severity: Severity, reasons: list[str], champion_since: datetime, as_of: datetime
) -> Decision:
    """Retrain when the drift is severe enough and the champion is not fresh. Times are UTC."""
    if ORDER.index(severity) < ORDER.index(policy.at_severity):
        return Decision("wait", f"severity {severity} is below {policy.at_severity}")
    age = as_of - champion_since
    if age < timedelta(days=policy.cooldown_days):
        return Decision("wait", f"the champion is {age.days} days old, inside the cooldown of {policy.cooldown_days}")
    return Decision("retrain", f"{severity}: {'; '.join(reasons[:3])}")
