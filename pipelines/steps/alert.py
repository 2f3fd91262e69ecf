"""Tell people, once, what a window's monitoring found and what was decided."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pipelines.alerts.channels import send, unset
from pipelines.alerts.findings import findings
from pipelines.alerts.gaps import unmonitored
from pipelines.alerts.incident import Delivery, Incident, advance, delivered, due
from pipelines.alerts.message import Message
from pipelines.alerts.wording import Decision, Links, Owners, drift_message
from pipelines.dataset import backfill_command, covered_part
from pipelines.drift.report import DriftReport
from pipelines.environment import setting
from pipelines.errors import CallerError, MissingInput, Unavailable
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.journal import Event, everything, record, select
from pipelines.layout import drift_page, drift_report
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

ALERT = "alert"
DECISION = "decision"
RUNBOOK = "drift-alarm.md"


@dataclass(frozen=True)
class Window:
    """What this run knows. sent: of this window, by earlier tries too: channel, level and digest of the message."""

    report: DriftReport
    decision: Decision
    links: Links
    incident: Incident
    silent: str | None
    sent: list[dict[str, str]] = field(default_factory=list)


def run(
    spec: ModelSpec, interval: Interval, store: Store, quiet: bool = False, run_url: str | None = None
) -> StepResult:
    """Send what the channels are owed and journal each delivery after it succeeded, so that a try after a crash
    repeats one message at most.

    quiet: journal only, for windows of the past. run_url: of the monitor's run, for people to open. A window of
    which a later one was told of already is quiet too. Raises MissingInput without a drift report or a decision,
    CallerError when a routed channel has no address, Unavailable when a channel did not take its message; the
    other channels have theirs by then.
    """
    window = _window(spec, interval, store, quiet, run_url)
    failed: list[CallerError | Unavailable] = []
    for delivery in due(window.incident, spec.alerts) if window.silent is None else []:
        message = _message(spec, window, delivery)
        try:
            send(delivery.channel, message)
        except (CallerError, Unavailable) as error:
            failed.append(error)
            continue
        window = _told(window, delivery, message)
        _journal(spec, interval, store, window)
        print(f"{message.level} to {delivery.channel}: {message.title}", flush=True)
    _journal(spec, interval, store, window)
    _raise_for(spec, window, failed)
    return _result(spec, interval, window)


def _window(spec: ModelSpec, interval: Interval, store: Store, quiet: bool, run_url: str | None) -> Window:
    dataset = find_dataset(spec.dataset)
    part = covered_part(dataset, interval)
    again = f"Backfill it first: {backfill_command(f'{spec.name}__monitor', interval)}"
    if not store.exists(drift_report(spec.name, part)):
        raise MissingInput(f"{spec.name}: {part} has no drift report. {again}")
    report = DriftReport.from_json(store.read_file(drift_report(spec.name, part)))
    said = everything(store)
    decisions = [one for one in select(said, DECISION, spec.name, interval.as_of) if one.content.get("part") == part]
    if not decisions:
        raise MissingInput(f"{spec.name}: {part} has no retrain decision. {again}")
    decision = Decision(decisions[-1].content["decision"], decisions[-1].content["reason"])
    alerts = spec.alerts
    gaps = unmonitored(said, spec.name, interval, dataset.partition)
    found = findings(report, decision.answer, gaps, alerts.least, alerts.failed_run)
    told = select(said, ALERT, spec.name)
    earlier = [event for event in told if event.at <= interval.as_of]
    before = Incident.of(earlier[-1].content) if earlier else Incident()
    own = [event.content["sent"] for event in earlier if event.at == interval.as_of]
    return Window(
        report=report,
        decision=decision,
        links=_links(spec, store, part, run_url),
        incident=advance(before, spec.name, part, found, alerts.channels),
        silent=_silence(told, interval, quiet),
        sent=own[0] if own else [],
    )


def _silence(told: list[Event], interval: Interval, quiet: bool) -> str | None:
    """Why nothing is sent, or None."""
    if quiet:
        return "asked to be quiet"
    later = [event.content["part"] for event in told if event.at > interval.as_of]
    return f"{later[-1]} was told of already" if later else None


def _links(spec: ModelSpec, store: Store, part: str, run_url: str | None) -> Links:
    base, page = setting("TRAINYARD_URL", "").rstrip("/"), drift_page(spec.name, part)
    return Links(
        page=f"{base}/{page}" if base else store.location(page),
        run=run_url,
        runbook=f"{spec.alerts.runbooks or 'docs/runbooks'}/{RUNBOOK}",
    )


def _message(spec: ModelSpec, window: Window, delivery: Delivery) -> Message:
    owner = spec.alerts.owner_of(delivery.severity, spec.owner) if delivery.severity else spec.owner
    owners = Owners(owner, find_dataset(spec.dataset).owner)
    return drift_message(window.report, window.incident, delivery, window.decision, owners, window.links)


def _told(window: Window, delivery: Delivery, message: Message) -> Window:
    sent = {"channel": delivery.channel, "level": message.level, "digest": message.digest}
    return replace(window, incident=delivered(window.incident, delivery), sent=[*window.sent, sent])


def _journal(spec: ModelSpec, interval: Interval, store: Store, window: Window) -> None:
    content: dict[str, Any] = {
        "part": window.report.part,
        "severity": window.incident.severity,
        "incident": asdict(window.incident),
        "silent": window.silent,
        "sent": window.sent,
    }
    record(store, Event(ALERT, spec.name, interval.as_of, content))


def _raise_for(spec: ModelSpec, window: Window, failed: Sequence[CallerError | Unavailable]) -> None:
    refused = [str(error) for error in failed if isinstance(error, Unavailable)]
    lacking = unset(spec.alerts.channels) if window.silent is None else []
    wrong = [str(error) for error in failed if isinstance(error, CallerError)]
    if lacking:
        # Told in calm weather too: the night of the incident is too late to learn it.
        wrong = [f"{spec.name}: alerts.routes names channels without an address. Set {', '.join(lacking)}."]
    if refused:
        raise Unavailable(" ".join([*refused, *wrong]))
    if wrong:
        raise CallerError(" ".join(wrong))


def _result(spec: ModelSpec, interval: Interval, window: Window) -> StepResult:
    names = [f"{one['level']} to {one['channel']}" for one in window.sent]
    told = window.silent and f"nobody told, {window.silent}"
    return StepResult(
        step="alert",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{window.report.part}: {told or ', '.join(names) or 'nothing to tell'}",
        references={"incident": window.incident.key or "none"},
        figures={"severity": window.incident.severity, "sent": len(window.sent)},
    )
