"""The retrain decision: state and signals in, an answer and its reason out. Pure: no clock, no store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from pipelines.drift.plain_report import ORDER, Severity
from pipelines.monitoring_spec import Retrain

Answer = Literal["retrain", "wait"]


@dataclass(frozen=True)
class Decision:
    answer: Answer
    reason: str


def decide(
    policy: Retrain,
    severity: Severity,
    quality: Severity | None,
    reasons: list[str],
    champion_since: datetime,
    as_of: datetime,
) -> Decision:
    """Retrain when the drift is severe enough, quality does not hold, and the champion is not fresh.

    quality: its own severity, None until labels are in. Times are UTC.
    """
    if ORDER.index(severity) < ORDER.index(policy.at_severity):
        return Decision("wait", f"severity {severity} is below {policy.at_severity}")
    if quality == "ok":
        return Decision(
            "wait", f"quality holds, so training is no cure; for the data's owner: {'; '.join(reasons[:3])}"
        )
    age = as_of - champion_since
    if age < timedelta(days=policy.cooldown_days):
        return Decision("wait", f"the champion is {age.days} days old, inside the cooldown of {policy.cooldown_days}")
    return Decision("retrain", f"{severity}: {'; '.join(reasons[:3])}")
