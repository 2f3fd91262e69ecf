"""What a spec says of telling people: who is told through which channels, by severity."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Self

from croniter import croniter
from pydantic import AfterValidator, Field, model_validator

from pipelines.monitoring_spec import AlertSeverity
from pipelines.spec_words import Duration, Name, Strict

SEVERITIES: tuple[AlertSeverity, ...] = ("info", "warning", "critical")


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or "@" in value:
        raise ValueError("must be an https:// or http:// address without credentials")
    return value.rstrip("/")


def _no_twins(channels: list[str]) -> list[str]:
    if len(set(channels)) != len(channels):
        raise ValueError("names a channel twice")
    return channels


def longest_period(cron: str) -> timedelta:
    """Between two times of a cron expression: 31 days for a monthly one."""
    times = croniter(cron, datetime(2024, 1, 1))
    found: list[datetime] = [times.get_next(datetime) for _ in range(60)]
    return max(later - earlier for earlier, later in pairwise(found))


class Route(Strict):
    """Through which channels an alert of exactly one severity goes.

    A channel is a name; its address is an Apprise URL in the environment variable TRAINYARD_CHANNEL_<NAME>.
    """

    severity: AlertSeverity
    channels: Annotated[list[Name], AfterValidator(_no_twins)] = Field(min_length=1)
    owner: str | None = Field(default=None, min_length=1, description="Who answers; the spec's owner if left out.")


class Alerts(Strict):
    """Whom to tell. Without routes nobody is told, and alerts are journalled only."""

    routes: list[Route] = Field(default_factory=list)
    runbooks: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None, description="Where docs/runbooks is published, for links."
    )
    failed_run: AlertSeverity = Field(
        default="warning",
        description="Severity of a run that failed or is overdue, and of a monitor that missed windows.",
    )
    overdue_after: Duration = Field(
        default=timedelta(days=1),
        description="How long after the end of its data interval a run may still not be done.",
    )

    @model_validator(mode="after")
    def _one_route_a_severity(self) -> Self:
        named = [route.severity for route in self.routes]
        for severity in named:
            if named.count(severity) > 1:
                raise ValueError(f"routes has two for {severity}: put all its channels into one")
        return self

    @property
    def channels(self) -> list[str]:
        """Every channel that a route names, sorted."""
        return sorted({channel for route in self.routes for channel in route.channels})

    @property
    def least(self) -> AlertSeverity:
        """The lowest severity that goes anywhere; warning without routes."""
        return min((route.severity for route in self.routes), key=SEVERITIES.index, default="warning")

    def channels_of(self, severity: AlertSeverity) -> list[str]:
        return [channel for route in self.routes if route.severity == severity for channel in route.channels]

    def owner_of(self, severity: AlertSeverity, otherwise: str) -> str:
        return next((route.owner for route in self.routes if route.severity == severity and route.owner), otherwise)
