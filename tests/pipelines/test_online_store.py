"""Where the newest values are kept, and that on Redis none gives way to an older one."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from pipelines.errors import CallerError
from pipelines.online_address import on_redis, redis_settings

FIRST, SECOND = datetime(2013, 1, 31, tzinfo=UTC), datetime(2013, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "address, expected", [("/a/online.db", False), ("redis://r:6379/0", True), ("rediss://r", True)]
)
def test_an_address_says_which_store_it_is_of(address, expected):
    assert on_redis(address) is expected


@pytest.mark.parametrize(
    "address, connection",
    [
        ("redis://feast:s%40cret@redis:6379/2", "redis:6379,db=2,username=feast,password=s@cret"),
        ("rediss://redis", "redis:6379,db=0,ssl=true"),
    ],
)
def test_a_url_becomes_what_feast_reads(address, connection):
    assert redis_settings(address)["connection_string"] == connection


@pytest.mark.parametrize("address, said", [("redis://", "names no host"), ("redis://u:a%2Cb@r", "no comma")])
def test_what_feast_cannot_read_is_refused_without_telling_the_password(address, said):
    with pytest.raises(CallerError, match=said) as refused:
        redis_settings(address)
    assert "a%2Cb" not in str(refused.value)


class Kept:
    """A pipeline of Redis over a dict of hashes."""

    def __init__(self, hashes: dict) -> None:
        self.hashes, self.asked = hashes, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def pipeline(self, transaction):
        return Kept(self.hashes)

    def hget(self, key, field):
        self.asked.append(self.hashes.get(key, {}).get(field))

    def hset(self, key, mapping):
        self.asked.append(self.hashes.setdefault(key, {}).update(mapping))

    def execute(self):
        return self.asked


def test_an_older_value_is_left_out_and_a_corrected_one_written(monkeypatch):
    pytest.importorskip("redis", reason="the redis client is installed with feast[redis]")
    from feast.protos.feast.types.EntityKey_pb2 import EntityKey
    from feast.protos.feast.types.Value_pb2 import Value

    from pipelines.redis_store import ForwardRedisOnlineStore, ForwardRedisOnlineStoreConfig

    store, hashes = ForwardRedisOnlineStore(), {}
    monkeypatch.setattr(store, "_get_client", lambda _: Kept(hashes))
    config = SimpleNamespace(
        online_store=ForwardRedisOnlineStoreConfig(),
        project="trainyard",
        entity_key_serialization_version=3,
        registry=SimpleNamespace(enable_online_feature_view_versioning=False),
    )
    table = SimpleNamespace(name="weather")
    key = EntityKey(join_keys=["origin"], entity_values=[Value(string_val="JFK")])

    def write(moment: datetime, value: float) -> bytes:
        """The bytes that stand there afterwards."""
        rows = [(key, {"temp": Value(double_val=value)}, moment, None)]
        store.online_write_batch(config, table, rows, None)
        (kept,) = hashes.values()
        return next(found for name, found in kept.items() if name != "_ts:weather")

    newest = write(SECOND, 2.0)
    assert write(FIRST, 1.0) == newest, "January came after February"
    assert write(SECOND, 3.0) != newest, "February was corrected"
