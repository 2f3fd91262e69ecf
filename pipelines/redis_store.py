"""Feast's Redis online store, kept to time: a value never gives way to an older one, but to its own correction.

Feast's own store refuses both, and with `skip_dedup` neither.
"""

from collections.abc import Callable
from typing import Any

from feast.infra.online_stores.helpers import _redis_key
from feast.infra.online_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig
from feast.utils import make_tzaware
from google.protobuf.timestamp_pb2 import Timestamp

NANOS = 1_000_000_000


class ForwardRedisOnlineStoreConfig(RedisOnlineStoreConfig):  # type: ignore[misc]
    """What feature_store.yaml may say of it: the same as of `redis`. Feast finds it by its name."""

    type: str = "pipelines.redis_store.ForwardRedisOnlineStore"
    # Feast would refuse a corrected value too; what is older has been left out before.
    skip_dedup: bool = True


class ForwardRedisOnlineStore(RedisOnlineStore):  # type: ignore[misc]
    """The type of the online store when TRAINYARD_FEAST_ONLINE is a Redis URL."""

    def online_write_batch(
        self, config: Any, table: Any, data: list[Any], progress: Callable[[int], Any] | None
    ) -> None:
        """Write the rows that are not older than what stands there.

        data: of Feast, (entity key, values, event time, time of making) a row.
        """
        stored = self._stored_nanos(config, table, [row[0] for row in data])
        current = [row for row, nanos in zip(data, stored, strict=True) if nanos_of(stamp_of(row[2])) >= nanos]
        if progress and len(current) < len(data):
            progress(len(data) - len(current))
        if current:
            super().online_write_batch(config, table, current, progress)

    def _stored_nanos(self, config: Any, table: Any, entity_keys: list[Any]) -> list[int]:
        """The event times that stand in Redis; 0 where nothing does."""
        version = config.entity_key_serialization_version
        with self._get_client(config.online_store).pipeline(transaction=False) as pipe:
            for key in entity_keys:
                pipe.hget(
                    _redis_key(config.project, key, entity_key_serialization_version=version), f"_ts:{table.name}"
                )
            found = pipe.execute()
        return [nanos_of(Timestamp.FromString(stamp)) if stamp else 0 for stamp in found]


def stamp_of(moment: Any) -> Any:
    stamp = Timestamp()
    stamp.FromDatetime(make_tzaware(moment))
    return stamp


def nanos_of(stamp: Any) -> int:
    return int(stamp.seconds * NANOS + stamp.nanos)
