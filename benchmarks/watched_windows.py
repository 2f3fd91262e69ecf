"""Both monitors on the same window: ours as the step `detect_drift` judges it, and Evidently's defaults."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from benchmarks.evidently_defaults import DriftedColumns, drifted_columns
from benchmarks.monitored_year import Champion, Year, parts_of, span_of, version_of
from pipelines.drift.assessment import assess, informing_columns, profiled
from pipelines.drift.bounds import WINDOW_DAYS
from pipelines.drift.calibration import calibrate
from pipelines.drift.freshness import aging_views, observe_feature_age
from pipelines.drift.history import history_of
from pipelines.drift.inputs import ReferenceProfile
from pipelines.drift.labels import labels_known
from pipelines.drift.report import DriftReport
from pipelines.drift.revisits import Looks, look_at
from pipelines.drift.series import ORDER
from pipelines.drift.windows import Reference, Window
from pipelines.training_set import declared_features

FIRST_ALARM = ORDER.index("warning")


def alarms_of(report: DriftReport) -> dict[str, int]:
    """Series, and those that count of earlier windows, by how severe they are, from warning on."""
    states = [*report.states, *(state for one in report.revisited for state in one.counted)]
    ranks = [(state.observation.series, ORDER.index(state.severity)) for state in states]
    return {series: rank for series, rank in sorted(ranks) if rank >= FIRST_ALARM}


def tells_more(faulty: DriftReport, clean: DriftReport) -> bool:
    """Whether a series is more severe than it is in the same window without a fault."""
    usual = alarms_of(clean)
    return any(rank > usual.get(series, 0) for series, rank in alarms_of(faulty).items())


@dataclass(frozen=True)
class Compared:
    """A reference, and what is computed of it once for all windows that are compared with it."""

    reference: Reference
    profile: ReferenceProfile
    bounds: dict[str, float]
    times: pd.DataFrame


@dataclass
class Watch:
    """known: references without a fault, by the champion and the parts that they are of."""

    known: dict[tuple[datetime, tuple[str, ...]], Compared] = field(default_factory=dict)

    def report(self, year: Year, champion: Champion, part: str, past: Sequence[DriftReport]) -> DriftReport:
        """Ours. past: of the windows before it, in no order."""
        window, compared = year.window(champion, part), self._compared(year, champion, part)
        views, times = aging_views(year.spec), year.feature_times([part])
        return assess(
            year.spec,
            compared.reference,
            compared.profile,
            window,
            labels_known(year.spec.monitoring, window),
            compared.bounds,
            history_of(past),
            observe_feature_age(views, times, window.rows.day, compared.times),
            self._looks(year, champion, window, past),
        )

    def _looks(self, year: Year, champion: Champion, now: Window, past: Sequence[DriftReport]) -> Looks:
        """At earlier windows of the same champion that were not final, with the labels that came since."""
        policy, version, found = year.spec.monitoring, version_of(champion), []
        for part in [one.part for one in past if one.model_version == version and not one.labels.final]:
            window, reference = year.window(champion, part, now.as_of), self._compared(year, champion, part).reference
            found.append(look_at(year.spec, reference, window, labels_known(policy, window)))
        return Looks(found)

    def drifted(self, year: Year, champion: Champion, part: str) -> DriftedColumns:
        """Evidently's, on the same reference."""
        features = declared_features(year.spec)
        categories = [feature.name for feature in features if feature.dtype == "category"]
        current = year.months[part][[feature.name for feature in features]]
        return drifted_columns(self._compared(year, champion, part).reference.rows.features, current, categories)

    def _compared(self, year: Year, champion: Champion, part: str) -> Compared:
        chosen = year.compared_with(champion, part)
        parts = tuple(parts_of(chosen))
        if (champion.as_of, parts) in self.known and not year.faulty.intersection(parts):
            return self.known[champion.as_of, parts]
        reference, policy = year.reference(champion, chosen, span_of(part).end), year.spec.monitoring
        profile = profiled(year.spec, reference)
        informs = informing_columns(year.spec, reference)
        bounds = calibrate(profile, reference.held_out, policy, WINDOW_DAYS["month"], informs).bounds
        compared = Compared(reference, profile, bounds, year.feature_times(parts))
        if not year.faulty.intersection(parts):
            self.known[champion.as_of, parts] = compared
        return compared
