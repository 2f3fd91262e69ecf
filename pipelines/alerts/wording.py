"""The words of an alert: what happened in one sentence, the worst reasons, what was decided, where to look."""

from dataclasses import dataclass

from pipelines.alerts.incident import Delivery, Incident
from pipelines.alerts.message import Message
from pipelines.drift.report import DriftReport
from pipelines.layout import drift_report

REASONS = 3
REASON_CHARS = 240  # PagerDuty shows 1,024 of a whole message


@dataclass(frozen=True)
class Links:
    """page: of the drift report, where a person or a browser finds it. run: of Airflow, None outside of it."""

    page: str
    run: str | None
    runbook: str

    @property
    def first(self) -> str | None:
        """What a browser can open, the page before the run."""
        return next((link for link in (self.page, self.run) if link and link.startswith("http")), None)


@dataclass(frozen=True)
class Owners:
    """Whose the model is, and whose the data that it reads: a data fault is theirs."""

    model: str
    data: str


@dataclass(frozen=True)
class Decision:
    """As decide_retrain journalled it."""

    answer: str
    reason: str


def drift_message(
    report: DriftReport, incident: Incident, delivery: Delivery, decision: Decision, owners: Owners, links: Links
) -> Message:
    if delivery.severity is None:
        return _resolved(report, incident, links)
    rose = f" (was {delivery.before})" if delivery.before not in ("ok", delivery.severity) else ""
    unmonitored = [thing.partition("/")[2] for thing in incident.things if thing.startswith("unmonitored/")]
    lines = [f"Not monitored when it was due: {', '.join(unmonitored)}."] if unmonitored else []
    lines += [report.attribution.sentence, *_reasons(report)]
    lines.append(f"Decision: {decision.answer}, {_cut(decision.reason)}")
    if delivery.before != "ok":
        lines.append(f"New since the last message: {', '.join(delivery.new)}")
    lines.append(f"Owner of the data: {owners.data}; of the model: {owners.model}.")
    lines.append(f"Since {incident.since}, model version {report.model_version}.")
    return Message(
        incident=incident.key or "",
        level=delivery.severity,
        title=f"{delivery.severity}{rose}: {report.model} in {report.part}",
        body="\n".join([*lines, *_links(links)]),
        link=links.first,
    )


def _resolved(report: DriftReport, incident: Incident, links: Links) -> Message:
    return Message(
        incident=incident.key or "",
        level="resolved",
        title=f"resolved: {report.model} in {report.part}",
        body="\n".join([f"Nothing alarms in {report.part}; it began in {incident.since}.", f"Page: {links.page}"]),
        link=links.first,
    )


def _reasons(report: DriftReport) -> list[str]:
    shown = [f"- {_cut(reason)}" for reason in report.reasons[:REASONS]]
    more = len(report.reasons) - len(shown)
    return [*shown, f"- and {more} more in {drift_report(report.model, report.part)}"] if more else shown


def _links(links: Links) -> list[str]:
    run = [f"Run: {links.run}"] if links.run else []
    return [f"Page: {links.page}", *run, f"Runbook: {links.runbook}"]


def _cut(text: str) -> str:
    return text if len(text) <= REASON_CHARS else f"{text[: REASON_CHARS - 1]}…"
