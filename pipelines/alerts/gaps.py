"""Windows that no monitor ever looked at."""

from collections.abc import Iterable

from pipelines.interval import Granularity, Interval, part_key, partition_interval, partitions_between
from pipelines.journal import Event, select

DRIFT = "drift"


def unmonitored(said: Iterable[Event], model: str, interval: Interval, granularity: Granularity) -> list[str]:
    """The parts between the first that was ever monitored and this interval of which no drift is journalled.

    A monitor that did not run leaves nothing behind; the next one that runs sees it here.
    """
    seen = {event.content["part"] for event in select(said, DRIFT, model)}
    if not seen:
        return []
    first = partition_interval(min(seen), granularity)
    spans = partitions_between(first.start, interval.start, granularity)
    return [part for span in spans if (part := part_key(span.start, granularity)) not in seen]
