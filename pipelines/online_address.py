"""What TRAINYARD_FEAST_ONLINE names: a file of SQLite, or a Redis server that many machines share."""

from urllib.parse import unquote, urlsplit

from pipelines.errors import CallerError

SCHEMES = ("redis", "rediss")
STORE_TYPE = "pipelines.redis_store.ForwardRedisOnlineStore"
FORM = "redis://user:password@host:6379/0, or rediss:// for TLS"


def on_redis(address: str) -> bool:
    return urlsplit(address).scheme in SCHEMES


def redis_settings(address: str) -> dict[str, str]:
    """The `online_store` of feature_store.yaml for a Redis URL.

    Raises CallerError when the URL names no host, or its password holds what Feast's own form cannot say.
    """
    url = urlsplit(address)
    if not url.hostname:
        raise CallerError(f"TRAINYARD_FEAST_ONLINE names no host. Write it as {FORM}")
    parts = {
        "db": url.path.strip("/") or "0",
        "username": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "ssl": "true" if url.scheme == "rediss" else "",
    }
    if any("," in value for value in parts.values()):
        raise CallerError("TRAINYARD_FEAST_ONLINE: Feast takes no comma in a user or password of Redis. Choose another")
    options = [f"{name}={value}" for name, value in parts.items() if value]
    return {"type": STORE_TYPE, "connection_string": ",".join([f"{url.hostname}:{url.port or 6379}", *options])}
