"""Channels by name: their addresses lie in the environment, Apprise speaks to them.

An address holds tokens and passwords. Apprise and the libraries below it write parts of it to their logs (a
PagerDuty key or a Slack token is the "host" of its URL), so while they work nothing that they say leaves here.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.alerts.message import Level, Message
from pipelines.environment import setting
from pipelines.errors import CallerError, Unavailable

TALKATIVE = ("apprise", "urllib3", "requests", "charset_normalizer")
TYPES: dict[Level, str] = {"info": "info", "warning": "warning", "critical": "failure", "resolved": "success"}
EXAMPLES = "slack://…, mailtos://…, pagerduty://…, jsons://…"


def variable(channel: str) -> str:
    return f"TRAINYARD_CHANNEL_{channel.upper()}"


def unset(channels: Iterable[str]) -> list[str]:
    """The variables, of these channels, that the environment lacks."""
    return [variable(channel) for channel in channels if not setting(variable(channel), "")]


def send(channel: str, message: Message) -> None:
    """Deliver the message, once.

    Raises CallerError when the channel's variable is unset or holds no address that Apprise knows, Unavailable
    when the service does not answer or refuses. No error holds any part of the address.
    """
    with _unheard():
        service = _service(channel, message)
        result = service.notify(
            title=message.title, body=message.body, notify_type=TYPES[message.level], body_format="text"
        )
    if not result:
        status = re.search(r"error=(\d{3})", " ".join(entry.message for entry in result.logs()))
        refused = f"refused the message (HTTP {status[1]})" if status else "did not take the message"
        raise Unavailable(f"Channel {channel} {refused}. Its address stands in {variable(channel)}; try again.")


def _service(channel: str, message: Message) -> Any:
    """An Apprise object with the one service of the channel."""
    from apprise import Apprise, AppriseAsset
    from apprise.common import OverflowMode
    from apprise.plugins.pagerduty import NotifyPagerDuty, PagerDutyAction

    address = setting(variable(channel), "")
    if not address:
        raise CallerError(f"Channel {channel} has no address: set {variable(channel)} to its Apprise URL ({EXAMPLES}).")
    found = Apprise.instantiate(address, asset=AppriseAsset(app_id="Trainyard", storage_mode="memory"))
    if found is None:
        raise CallerError(
            f"{variable(channel)} is no address that Apprise knows. Write such as {EXAMPLES}; "
            "the forms stand on https://appriseit.com/services/."
        )
    if isinstance(found, NotifyPagerDuty):
        # By its defaults Apprise would open an incident for every message, the resolved one included.
        found.action, found.dedup = PagerDutyAction.MAP, found.dedup or message.incident
        found.click, found.overflow_mode = found.click or message.link, OverflowMode.TRUNCATE
    service = Apprise()
    service.add(found)
    return service


@contextmanager
def _unheard() -> Iterator[None]:
    """Apprise's own record of a delivery is a handler on its logger, so levels stay as they are."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    before = [(logger.propagate, logger.handlers) for logger in loggers]
    for logger in loggers:
        logger.propagate, logger.handlers = False, [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers
