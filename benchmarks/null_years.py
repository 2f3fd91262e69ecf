"""Years in which nothing is wrong, drawn from the days of 2013, and how often a calibrated monitor cries in them.

A reference of 13 weeks is drawn, and from the other weeks twelve windows of 30 days: none shares a day with it. Weeks
are whole, so that spells of weather are. The season is gone by drawing; of the scores, which twelve champions made,
each month's mean log odds is made the year's where their own level is watched, and left where labels are held to them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipelines.drift.calibration import calibrate
from pipelines.drift.inputs import observe_inputs, profile_reference
from pipelines.drift.predictions import observe_predictions
from pipelines.drift.promises import observe_promises
from pipelines.drift.reference import rows_of, seasonal_columns
from pipelines.drift.windows import HeldOut, Scored, Window
from pipelines.gates.evaluation import Evaluation
from pipelines.interval import Interval, partition_interval
from pipelines.metrics import placements
from pipelines.monitoring_spec import FalseAlarms
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import Rows, declared_features

MONTHS = [f"2013-{month:02}" for month in range(2, 13)]
WEEK, REFERENCE_WEEKS, HELD_OUT_WEEKS, WINDOW_WEEKS, WINDOW_DAYS = 7, 13, 5, 5, 30
WINDOWS = 12
SEED = 2013


@dataclass(frozen=True)
class Population:
    """rows: with their labels; score: (n,), and without the season, level: (n,); weeks: of each, which rows."""

    rows: Rows
    score: np.ndarray
    level: np.ndarray
    weeks: list[np.ndarray]

    def drawn(self, weeks: Sequence[int], days: int) -> "Drawn":
        """The first days of those weeks."""
        chosen = np.concatenate([self.weeks[week] for week in sorted(weeks)])
        names = self.rows.day[chosen]
        chosen = chosen[np.isin(names, np.unique(names)[:days])]
        features, at, key = (of.iloc[chosen] for of in (self.rows.features, self.rows.at, self.rows.key))
        rows = Rows(features, self.rows.label[chosen], at, self.rows.day[chosen], key)
        return Drawn(rows, self.score[chosen], self.level[chosen])


@dataclass(frozen=True)
class Drawn:
    """Of some weeks; as Population."""

    rows: Rows
    score: np.ndarray
    level: np.ndarray

    @property
    def scored(self) -> Scored:
        return Scored(self.rows.label, self.score, self.rows.day)


@dataclass(frozen=True)
class NullYears:
    """alarms: windows with any, by whether labels are known; series: how often each cried."""

    windows: int
    alarms: dict[str, int]
    series: Counter[str]

    def per_year(self, which: str) -> tuple[float, float, float]:
        """And its 95 % interval (Garwood 1936, of a Poisson count)."""
        from scipy.special import chdtri

        count, years = self.alarms[which], self.windows * WINDOW_DAYS / 365.25
        low = chdtri(2 * count, 0.975) / 2 if count else 0.0
        return count / years, low / years, chdtri(2 * count + 2, 0.025) / 2 / years


def population(spec: ModelSpec, store: Store, every: int) -> Population:
    """Every so many-th flight of February to December that a candidate of the store was evaluated on."""
    spans = [partition_interval(part, "month") for part in MONTHS]
    rows = rows_of(spec, store, spans, spans[-1].as_of)
    folder = f"evaluations/{spec.name}"
    versions = store.list_files(folder, ".json")
    kept = [Evaluation.from_json(store.read_file(f"{folder}/{version}.json")).scores for version in versions]
    frames = [store.read_parquet(path, ["key", "label", "candidate"]).to_pandas() for path in kept]
    known = pd.concat(frames).drop_duplicates("key").set_index("key").reindex(rows.key)
    score, label = known["candidate"].to_numpy(dtype="float64"), known["label"].to_numpy(dtype="float64")
    told = np.flatnonzero(~np.isnan(score) & ~np.isnan(label))[::every]
    mask = np.zeros(len(score), dtype=bool)
    mask[told] = True
    chosen = replace(rows, label=label).where(mask)
    level = pd.Series(np.log(score[mask] / (1 - score[mask])))
    month = pd.Series(chosen.day).str[:7]
    without_season = level - level.groupby(month).transform("mean") + level.mean()
    names = np.unique(chosen.day)
    weeks = [np.flatnonzero(np.isin(chosen.day, names[at : at + WEEK])) for at in range(0, len(names) - WEEK + 1, WEEK)]
    return Population(chosen, score[mask], (1 / (1 + np.exp(-without_season))).to_numpy(), weeks)


def simulate(spec: ModelSpec, drawn_from: Population, years: int, rate: FalseAlarms) -> NullYears:
    """The alarms if no series had to be worth anything: the calibrated bounds alone decide."""
    chance, alarms, series = np.random.default_rng(SEED), Counter(quality=0, prediction=0), Counter[str]()
    informs, policy = seasonal_columns(spec.dataset), spec.monitoring.model_copy(update={"false_alarms": rate})
    for _ in range(years):
        order = chance.permutation(len(drawn_from.weeks))
        weeks, others = order[:REFERENCE_WEEKS], order[REFERENCE_WEEKS:]
        reference = drawn_from.drawn(weeks.tolist(), REFERENCE_WEEKS * WEEK)
        newest = drawn_from.drawn(weeks[:HELD_OUT_WEEKS].tolist(), WINDOW_DAYS)
        profile = profile_reference(reference.rows, declared_features(spec), "cpu")
        held_out = HeldOut(newest.rows.label, newest.score, newest.rows.day, walk_forward=reference.scored)
        levelled = HeldOut(newest.rows.label, newest.level, newest.rows.day)
        bounds = calibrate(profile, levelled, policy, WINDOW_DAYS, informs).bounds
        of_quality = calibrate(profile, held_out, policy, WINDOW_DAYS, informs).bounds
        bounds |= {name: bound for name, bound in of_quality.items() if name.startswith("quality/")}
        for _ in range(WINDOWS):
            drawn = drawn_from.drawn(chance.permutation(others)[:WINDOW_WEEKS].tolist(), WINDOW_DAYS)
            rows, at = drawn.rows, drawn.rows.at
            window = Window("null", Interval(at.min(), at.max()), at.max(), rows, drawn.level, None)
            seen = [
                *observe_inputs(profile, window, policy, informs, "cpu"),
                *observe_predictions(levelled, window, policy, informs=False),
                *observe_promises(policy, spec.target.task, held_out.every_window, drawn.scored),
            ]
            values = {one.series: one.value for one in seen if one.value is not None and one.series in bounds}
            auc = placements(held_out.label, held_out.score)[0] - placements(rows.label, drawn.score)[0]
            beyond = [name for name, value in {**values, "quality/loss/auc": auc}.items() if value > bounds[name]]
            series.update(beyond)
            alarms.update({which: _alarms(beyond, which) for which in alarms})
    return NullYears(years * WINDOWS, dict(alarms), series)


def _alarms(beyond: list[str], which: str) -> int:
    """Inputs always count; quality once labels are known, predictions until then."""
    return int(any(name.startswith(("input/", f"{which}/")) for name in beyond))
