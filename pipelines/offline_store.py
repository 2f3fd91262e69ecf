"""Feast's duckdb offline store, its feature files opened through our own Store.

DuckDB reads s3:// by an extension that it downloads when first needed, which a pod cannot, and it opens every
partition. Here Arrow opens those of the span asked for, in a local folder as in a bucket, and DuckDB joins.
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any

import ibis
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig, _write_data_source
from feast.infra.offline_stores.ibis import get_historical_features_ibis, pull_latest_from_table_or_query_ibis

from pipelines.errors import MissingInput
from pipelines.store import Store

PARTITIONS = "*.parquet"


class StoreOfflineStoreConfig(DuckDBOfflineStoreConfig):  # type: ignore[misc]
    """What feature_store.yaml may say of it: the same as of `duckdb`. Feast finds it by its name."""

    type: str = "pipelines.offline_store.StoreOfflineStore"


class StoreOfflineStore(DuckDBOfflineStore):  # type: ignore[misc]
    """The type that feature_store.yaml names; Feast calls both methods by keyword."""

    @staticmethod
    def get_historical_features(**join: Any) -> Any:
        """The point-in-time join, with the partitions that are young enough for one of the rows."""
        asked = join["entity_df"]["event_timestamp"]
        oldest = asked.min() - max(view.ttl for view in join["feature_views"])
        reader = partial(read_span, first=oldest, last=asked.max())
        return get_historical_features_ibis(**join, data_source_reader=reader, data_source_writer=_write_data_source)

    @staticmethod
    def pull_latest_from_table_or_query(**pull: Any) -> Any:
        """The newest values of each entity in [start_date, end_date]."""
        reader = partial(read_span, first=pull["start_date"], last=pull["end_date"])
        return pull_latest_from_table_or_query_ibis(
            **pull, data_source_reader=reader, data_source_writer=_write_data_source
        )


def read_span(source: Any, _repo: str, first: datetime, last: datetime) -> Any:
    """The rows of the partitions that [first, last] touches, as an ibis table; they are read with the join.

    source: a FileSource whose path is a folder of the store and PARTITIONS. Raises MissingInput when the
    folder has no such partition.
    """
    folder = source.path.removesuffix(f"/{PARTITIONS}")
    store = Store(folder)
    parts = [part for part in store.list_files("", ".parquet") if _key(first, part) <= part <= _key(last, part)]
    if not parts:
        raise MissingInput(
            f"{folder} has no features from {first:%F} to {last:%F}. "
            "Build them: python -m pipelines featurize --dataset … --start … --end …"
        )
    return ibis.memtable(store.open_parquet([f"{part}.parquet" for part in parts]))


def _key(moment: datetime, like: str) -> str:
    """The key of the moment's month or day, whichever the other key is of; keys sort by time."""
    return f"{moment.astimezone(UTC):%Y-%m-%d}"[: len(like)]
