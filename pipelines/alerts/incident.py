"""An incident of a model: it lasts from the first window in which something alarms to the first with nothing.

Each channel is told once of every thing in it at every severity, and once that all is well again. What was told
is kept by channel, so that a channel which refused is owed the message and the others are not told twice.
"""

from dataclasses import dataclass, field
from typing import Any

from pipelines.alerts.findings import Findings
from pipelines.alerts_spec import Alerts
from pipelines.drift.series import ORDER, Severity, worst
from pipelines.monitoring_spec import AlertSeverity

Told = dict[str, Severity]


@dataclass(frozen=True)
class Incident:
    """key: None while nothing is wrong. since: the window in which it began. things: what is wrong now.
    told: by channel, each thing at the highest severity that it was told of."""

    key: str | None = None
    since: str | None = None
    things: Told = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return worst(list(self.things.values()))

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Incident":
        """As an event of the journal has it."""
        return cls(**content["incident"])


@dataclass(frozen=True)
class Delivery:
    """To one channel. severity: of what is new to it, None when all is resolved. before: the highest severity
    that it was told of. new: the things that it is told of for the first time, or as worse."""

    channel: str
    severity: AlertSeverity | None
    before: Severity
    new: list[str]


def advance(before: Incident, model: str, part: str, found: Findings, channels: list[str]) -> Incident:
    """The incident after a window. Things of which the window says nothing stay as they were.

    channels: of the spec; those that it dropped are owed nothing any more.
    """
    told = {channel: things for channel, things in before.told.items() if channel in channels}
    kept = {thing: severity for thing, severity in before.things.items() if thing in found.untold}
    things = dict(sorted({**kept, **found.alarming}.items()))
    if things and before.key is None:
        return Incident(f"trainyard/{model}/{part}", part, things)
    if not things and not told:
        return Incident()
    return Incident(before.key, before.since, things, told)


def due(incident: Incident, alerts: Alerts) -> list[Delivery]:
    """What the channels are owed, in their order."""
    found = (_owed(incident, alerts, channel) for channel in alerts.channels)
    return [delivery for delivery in found if delivery is not None]


def _owed(incident: Incident, alerts: Alerts, channel: str) -> Delivery | None:
    """Of the things whose severity is routed to the channel: what is worse belongs to others and hides nothing."""
    told = incident.told.get(channel, {})
    before = worst(list(told.values()))
    if not incident.things:
        return Delivery(channel, None, before, []) if told else None
    new: dict[str, AlertSeverity] = {
        thing: severity
        for thing, severity in incident.things.items()
        if severity != "ok"
        and channel in alerts.channels_of(severity)
        and ORDER.index(severity) > ORDER.index(told.get(thing, "ok"))
    }
    return Delivery(channel, max(new.values(), key=ORDER.index), before, list(new)) if new else None


def delivered(incident: Incident, delivery: Delivery) -> Incident:
    """The incident once the delivery has succeeded; no incident any more once the last channel knows that it ended."""
    told = dict(incident.told)
    if delivery.severity is None:
        del told[delivery.channel]
        return Incident(incident.key, incident.since, {}, told) if told else Incident()
    told[delivery.channel] = told.get(delivery.channel, {}) | {thing: incident.things[thing] for thing in delivery.new}
    return Incident(incident.key, incident.since, incident.things, told)
