"""What a feature is: declared once, with the code that builds it.

Feast's definitions, the docs table and the model's columns all come from these declarations. This module
imports nothing heavy, so that specs can be checked against it anywhere.
"""

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from pipelines.errors import SpecError

Dtype = Literal["float", "category"]


@dataclass(frozen=True)
class Feature:
    """One column."""

    name: str
    unit: str
    description: str
    dtype: Dtype = "float"


@dataclass(frozen=True)
class FeatureView:
    """Features that share entity keys, a source and an age limit.

    entities: key columns; empty for values that stand in the row itself (a schedule).
    build: from Ibis tables by name and the partition's [start, end) to an Ibis table of entity keys,
    `event_at`, `known_at` and the features; None for a view that stands in the row.
    ttl: a value older than this at prediction time is null. seasonal: expected to move with the season.
    """

    name: str
    entities: tuple[str, ...]
    source: str
    owner: str
    refresh: str
    ttl: timedelta
    features: tuple[Feature, ...]
    seasonal: bool = False
    build: Callable[..., Any] | None = field(default=None, compare=False)

    def columns(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def time_column(self) -> str:
        """The column that carries, beside the values, the time they are of."""
        return f"{self.name}_at"


def declared_views(dataset: str) -> tuple[FeatureView, ...]:
    """The views that the dataset's folder declares in `features.py`."""
    views: tuple[FeatureView, ...] = importlib.import_module(f"pipelines.datasets.{dataset}.features").VIEWS
    return views


def select(views: Iterable[FeatureView], wanted: Iterable[str], where: str) -> list[Feature]:
    """The features that a model's list names, in the order of the declarations.

    Raises SpecError naming the entry, and what is declared, for one that does not exist.
    """
    views = list(views)
    names = {f"{view.name}.{feature.name}" for view in views for feature in view.features}
    known = names | {view.name for view in views}
    wanted = list(wanted)
    for entry in wanted:
        if entry not in known:
            near = entry.split(".")[0]
            allowed = sorted(name for name in known if name.startswith(f"{near}.")) or [v.name for v in views]
            raise SpecError(f"{where}: features has '{entry}', which is not declared; declared: {', '.join(allowed)}")
    return [
        feature
        for view in views
        for feature in view.features
        if view.name in wanted or f"{view.name}.{feature.name}" in wanted
    ]
