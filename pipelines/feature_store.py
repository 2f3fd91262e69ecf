"""Feast, used as it comes: definitions from our declarations, point-in-time joins, materialization.

A view's source is a glob of Parquet files, one per partition; pipelines/offline_store.py opens them.
"""

import contextlib
import io
import os
from collections.abc import Iterable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.environment import REPO, feast_online, feast_registry
from pipelines.errors import TrainyardError
from pipelines.features import FeatureView, declared_views
from pipelines.interval import Interval
from pipelines.online_address import on_redis, redis_settings
from pipelines.spec import ModelSpec

PREDICT_AT = "predict_at"
FEATURE_REPO = REPO / "feature_repo"
# Feast's materialize includes a row stamped exactly at its end; our intervals do not.
JUST_BEFORE = timedelta(microseconds=1)


def feast_objects(dataset: str, models: Iterable[ModelSpec], store_uri: str) -> list[Any]:
    """Entities, feature views, and a feature service for the dataset and for each of its models."""
    from feast import Entity, FeatureService, ValueType

    integer_keys = {"sched_dep_hour"}
    declared = [view for view in declared_views(dataset) if view.entities]
    entities = {
        key: Entity(name=key, value_type=ValueType.INT32 if key in integer_keys else ValueType.STRING)
        for view in declared
        for key in view.entities
    }
    views = {view.name: _feast_view(dataset, view, entities, store_uri) for view in declared}
    services = [FeatureService(name=dataset, features=list(views.values()))]
    for model in models:
        if model.dataset == dataset:
            used = [view for name, view in views.items() if any(f.split(".")[0] == name for f in model.features)]
            services.append(FeatureService(name=model.name, features=used, owner=model.owner))
    return [*entities.values(), *views.values(), *services]


def _feast_view(dataset: str, view: FeatureView, entities: dict[str, Any], store_uri: str) -> Any:
    from feast import FeatureView as FeastView
    from feast import Field, FileSource
    from feast.types import Float64, UnixTimestamp

    fields = [Field(name=f.name, dtype=Float64, description=f"{f.description} [{f.unit}]") for f in view.features]
    return FeastView(
        name=view.name,
        entities=[entities[key] for key in view.entities],
        ttl=view.ttl,
        schema=[*fields, Field(name=view.time_column, dtype=UnixTimestamp)],
        source=FileSource(
            name=f"{dataset}_{view.name}",
            path=f"{store_uri}/features/{dataset}/{view.name}/*.parquet",
            timestamp_field="event_at",
            created_timestamp_column="known_at",
        ),
        owner=view.owner,
    )


def opened() -> Any:
    """Feast's own FeatureStore, as feature_repo/feature_store.yaml and the environment describe it."""
    from feast import FeatureStore as Feast
    from feast.repo_config import load_repo_config

    os.environ["TRAINYARD_FEAST_REGISTRY"], os.environ["TRAINYARD_FEAST_ONLINE"] = feast_registry(), feast_online()
    if not on_redis(feast_online()):
        Path(feast_online()).parent.mkdir(parents=True, exist_ok=True)
    config = load_repo_config(FEATURE_REPO, FEATURE_REPO / "feature_store.yaml")
    if on_redis(feast_online()):
        config.online_config = redis_settings(feast_online())
    return Feast(config=config)


class FeatureStore:
    """One dataset's features in Feast. dataset: its name; store_uri: where its feature files lie."""

    def __init__(self, dataset: str, models: Iterable[ModelSpec], store_uri: str) -> None:
        self.dataset, self.models, self.store_uri = dataset, list(models), store_uri
        self.views = [view for view in declared_views(dataset) if view.entities]

    @cached_property
    def _feast(self) -> Any:
        feast = opened()
        feast.apply(feast_objects(self.dataset, self.models, self.store_uri))
        return feast

    def register(self) -> None:
        """Make Feast's registry say what is declared; a registry that says so already stays as it is."""
        self._feast.refresh_registry()

    def point_in_time_join(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Each row with the feature values known at its `predict_at`, in the order of the rows.

        rows: shape (n, k) with the entity keys and `predict_at` (UTC). Values later than `predict_at`, or
        older than their view's ttl, are null. Raises TrainyardError when rows are lost or doubled.
        """
        keys = sorted({key for view in self.views for key in view.entities})
        entity_rows = rows[keys].assign(row_number=range(len(rows)), event_timestamp=rows[PREDICT_AT])
        joined: pd.DataFrame = self._feast.get_historical_features(
            entity_df=entity_rows,
            features=self._feast.get_feature_service(self.dataset),
            filter_by_created_timestamp=True,
        ).to_df()
        joined = joined.sort_values("row_number").reset_index(drop=True)
        if joined["row_number"].tolist() != list(range(len(rows))):
            raise TrainyardError(
                f"{self.dataset}: the point-in-time join of {len(rows)} rows gave {len(joined)}; "
                "nothing was written, the rows or the feature files changed meanwhile"
            )
        values = joined[[name for view in self.views for name in (*view.columns(), view.time_column)]]
        return pd.concat([rows.reset_index(drop=True), values], axis=1)

    def materialize(self, interval: Interval) -> None:
        """Load the newest values of [start, end) to the online store. Callers keep the order of time."""
        # Feast prints headings in colour codes, which are noise in a task's log.
        with contextlib.redirect_stdout(io.StringIO()):
            self._feast.materialize(
                start_date=interval.start,
                end_date=interval.end - JUST_BEFORE,
                feature_views=[view.name for view in self.views],
            )

    def online(self, view: FeatureView, entities: pd.DataFrame) -> pd.DataFrame:
        """What the online store answers for a view's entities; entities: shape (n, keys)."""
        answer = self._feast.get_online_features(
            features=[f"{view.name}:{name}" for name in view.columns()],
            entity_rows=entities[list(view.entities)].to_dict("records"),
        )
        frame: pd.DataFrame = answer.to_df()
        return frame[[*view.entities, *view.columns()]]
