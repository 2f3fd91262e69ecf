"""How old what the predictions were made from was: features, the champion, and partitions that are not there."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from pipelines.dataset import backfill_command, validated_partitions
from pipelines.drift.series import Observation
from pipelines.drift.windows import Reference, Window
from pipelines.errors import CallerError
from pipelines.feature_store import PREDICT_AT
from pipelines.features import FeatureView, declared_views
from pipelines.interval import Interval, part_key, partitions_between
from pipelines.joined import joined_partition
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import declared_features
from pipelines.voids import scored_partitions

HOUR = timedelta(hours=1)
# In 2013 no day is older than 2.7 times the median one (a route, Thanksgiving), where the feed did not stop.
TYPICAL_AGES = 3.0
SHOWN = 6


def feature_times(spec: ModelSpec, store: Store, spans: Sequence[Interval]) -> pd.DataFrame:
    """When the rows of the partitions were predicted, and what time each view's values are of: (n, 1 + views).

    The prediction log has the same columns. Raises MissingInput.
    """
    dataset, columns = find_dataset(spec.dataset), [PREDICT_AT, *(view.time_column for view in aging_views(spec))]
    frames = [store.read_parquet(joined_partition(store, dataset, span).path, columns).to_pandas() for span in spans]
    return pd.concat(frames, ignore_index=True)


def aging_views(spec: ModelSpec) -> list[FeatureView]:
    """The views of the model whose values carry a time."""
    used = {feature.name for feature in declared_features(spec)}
    return [view for view in declared_views(spec.dataset) if view.entities and used.intersection(view.columns())]


def observe_feature_age(
    views: Sequence[FeatureView], times: pd.DataFrame, day: np.ndarray, reference: pd.DataFrame
) -> list[Observation]:
    """The age of each view's values at prediction, in hours: the mean of the day on which it is greatest.

    times: of the window's rows, (n, 1 + views), with their days, (n,); reference: of its rows. A null is as old as
    the view's limit: a feed that stopped ends in nulls. Worth knowing is thrice a typical day of the reference,
    an hour at least, half of the view's limit at most: a feed that stopped reaches that.
    """
    return [_age(view, times, day, reference) for view in views]


def _age(view: FeatureView, times: pd.DataFrame, day: np.ndarray, reference: pd.DataFrame) -> Observation:
    for frame, whose in ((times, "this window's predictions"), (reference, "the reference's rows")):
        if view.time_column not in frame:
            told = f"{whose} carry no time of {view.name}, which the model did not read then"
            return Observation("freshness", "feature_age_h", view.name, None, None, told)
    usual = _hours(view, reference)
    if usual.isna().all():
        told = f"{view.name} has no value at all in the reference, and no limit of age: there is no typical age"
        return Observation("freshness", "feature_age_h", view.name, None, None, told)
    typical = float(usual.groupby(reference[PREDICT_AT].dt.date.to_numpy()).mean().median())
    worth = max(TYPICAL_AGES * typical, 1.0)
    worth = min(worth, view.ttl / HOUR / 2) if view.ttl else worth
    now = _hours(view, times)
    daily = now.groupby(day).mean().sort_index().dropna()
    if daily.empty:
        told = f"{view.name} has no value at all, and no limit of age"
        return Observation("freshness", "feature_age_h", view.name, None, worth, told)
    null = float(times[view.time_column].isna().mean())
    text = (
        f"{view.name} was {daily.max():.1f} h old at prediction on {daily.idxmax()}, {now.mean():.1f} h on average and "
        f"null in {null:.1%} of rows; a typical day of the reference has {typical:.1f} h"
    )
    value, values, days = float(daily.max()), daily.tolist(), daily.index.astype(str).tolist()
    return Observation("freshness", "feature_age_h", view.name, value, worth, text, daily=values, days=days)


def _hours(view: FeatureView, times: pd.DataFrame) -> pd.Series:
    """Shape (n,); NaN where there is no value and no limit to be as old as."""
    age: pd.Series = (times[PREDICT_AT] - times[view.time_column]) / HOUR
    return age.fillna(view.ttl / HOUR) if view.ttl else age


def observe_champion_age(policy: Monitoring, reference: Reference, window: Window) -> Observation:
    """Days from the end of the champion's training rows to the end of the window: a rollback makes none younger."""
    age = (window.interval.end - reference.trained_until) / timedelta(days=1)
    worth = None if policy.champion_age is None else policy.champion_age / timedelta(days=1)
    text = f"version {reference.version} was trained until {reference.trained_until:%F}, in force {reference.since:%F}"
    return Observation("freshness", "champion_age_d", "champion", age, worth, f"{age:.1f} days: {text}")


def observe_missing_partitions(
    spec: ModelSpec, store: Store, reference: Reference, window: Window
) -> list[Observation]:
    """Partitions from the end of the champion's training to this window that are not validated, or not scored."""
    granularity, since = find_dataset(spec.dataset).partition, reference.trained_until
    spans = partitions_between(since, window.interval.start, granularity)
    expected = {part_key(span.start, granularity): span for span in spans if span.start >= since}
    scored = {one.part for one in scored_partitions(spec, store, since, window.interval.start)}
    return [
        _missing(expected, set(validated_partitions(store, spec.dataset)), "validated", f"{spec.dataset}__data"),
        _missing(expected, scored, "scored", f"{spec.name}__predict"),
    ]


def _missing(expected: dict[str, Interval], there: set[str], how: str, dag_id: str) -> Observation:
    missing = [part for part in expected if part not in there]
    text = f"all {len(expected)} partitions since the champion's training are {how}"
    if missing:
        named = ", ".join(missing[:SHOWN]) + (f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else "")
        span = Interval(expected[missing[0]].start, expected[missing[-1]].end)
        text = f"not {how}: {named}. Backfill: {backfill_command(dag_id, span)}"
    return Observation("freshness", "missing_partitions", how, float(len(missing)), 0.0, text)


def refuse_future(model: str, window: Window) -> None:
    """Raises CallerError when the window, or a row of it, is of a time that the run does not know yet."""
    if window.interval.end > window.as_of:
        raise CallerError(
            f"{model}: the window {window.part} ends at {window.interval.end:%F %R}, after the as-of time "
            f"{window.as_of:%F %R}: it has not happened yet. Run it as of its end, or correct the clock that dated it"
        )
    outside = (window.rows.at < window.interval.start) | (window.rows.at >= window.interval.end)
    if outside.any():
        first = window.rows.key[outside].iloc[0]
        raise CallerError(
            f"{model}: {int(outside.sum()):,} rows of {window.part} are dated outside of {window.interval}, the first "
            f"{first} at {window.rows.at[outside].iloc[0]:%F %R}. Correct the source's clock, and pull it again"
        )
