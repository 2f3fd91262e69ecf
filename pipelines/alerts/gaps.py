"""Windows that the monitor missed."""

from collections.abc import Iterable

from pipelines.interval import Granularity, Interval, part_key, partition_interval, partitions_between
from pipelines.journal import Event, select

DRIFT = "drift"


def unmonitored(said: Iterable[Event], model: str, interval: Interval, granularity: Granularity) -> list[str]:
    """The parts between the last monitored one before this interval and the interval itself.

    A monitor that did not run leaves nothing behind; the next one that runs sees it here. The one after that finds
    no gap before it: what is to be told is that the monitor stood still, not that its past has a hole.
    """
    this = part_key(interval.start, granularity)
    seen = [part for event in select(said, DRIFT, model) if (part := event.content["part"]) < this]
    if not seen:
        return []
    last = partition_interval(max(seen), granularity)
    return [part_key(span.start, granularity) for span in partitions_between(last.end, interval.start, granularity)]
