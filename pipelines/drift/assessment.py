"""One window against its reference: pure, and the same in the monitor, in a backtest of policies and under faults."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipelines.array import Device
from pipelines.drift.attribution import attribute
from pipelines.drift.business import observe_business
from pipelines.drift.freshness import observe_champion_age, refuse_future
from pipelines.drift.history import History
from pipelines.drift.inputs import ReferenceProfile, observe_inputs, profile_reference
from pipelines.drift.labels import observe_labels
from pipelines.drift.predictions import observe_predictions
from pipelines.drift.quality import observe_quality
from pipelines.drift.reference import seasonal_columns
from pipelines.drift.report import Attribution, DriftReport, Labels
from pipelines.drift.revisits import Looks, attribution_with, judge_again, overall_with, with_counting
from pipelines.drift.series import Observation, SeriesState
from pipelines.drift.severity import judge_after, quality_severity
from pipelines.drift.volume import observe_volume, require_windows
from pipelines.drift.windows import Reference, Window
from pipelines.features import declared_views
from pipelines.spec import ModelSpec
from pipelines.training_set import declared_features, feature_names

NOT_LOOKED = Looks()


def profiled(spec: ModelSpec, reference: Reference, device: Device = "cpu") -> ReferenceProfile:
    """The reference's bins and its rows counted by day; one serves all windows that are compared with it."""
    return profile_reference(reference.rows, declared_features(spec), device)


def informing_columns(spec: ModelSpec, reference: Reference) -> frozenset[str]:
    """Columns that move with the season and have no season of their own to be compared with."""
    if reference.in_season:
        return frozenset()
    return seasonal_columns(spec.dataset).intersection(feature_names(spec))


def assess(
    spec: ModelSpec,
    reference: Reference,
    profile: ReferenceProfile,
    window: Window,
    labels: Labels,
    bounds: Mapping[str, float],
    history: History,
    beside: Sequence[Observation] = (),
    looks: Looks = NOT_LOOKED,
    device: Device = "cpu",
) -> DriftReport:
    """Everything that is watched in one window, judged and explained.

    profile: of the reference, by `profiled`. bounds: what each series reaches by chance, none where the declared
    numbers alone decide. beside: what only the store can tell (ages of features, missing partitions, skew). looks: at
    earlier windows; their quality counts where this window's own is not known yet.
    Raises EmptyWindow when either side has no rows, CallerError for a window in the future, GpuMissing.
    """
    observations = [*_observe(spec, reference, profile, window, labels, device), *beside]
    policy, version, past = spec.monitoring, reference.version, history.before(window.part)
    judged, past = judge_again(policy, looks.found, bounds, past, window, version)
    states = judge_after(policy, observations, bounds, past, window.part, version)
    revisited = with_counting(judged, states, version)
    severity, reasons = overall_with(states, revisited, looks.refused, version)
    return DriftReport(
        model=spec.name,
        part=window.part,
        as_of=window.as_of.isoformat(),
        model_version=version,
        severity=severity,
        quality_severity=quality_severity(states),
        reasons=reasons,
        labels=labels,
        positive_rate=_rate_of(window.rows.labelled().label),
        attribution=attribution_with(_attribution(spec, states, reference, window, labels), revisited),
        states=states,
        revisited=revisited,
        not_revisited=looks.refused,
    )


def _attribution(
    spec: ModelSpec, states: Sequence[SeriesState], reference: Reference, window: Window, labels: Labels
) -> Attribution:
    return attribute(states, reference, window, labels, declared_views(spec.dataset))


def _rate_of(label: np.ndarray) -> float | None:
    return float(label.mean()) if len(label) else None


def _observe(
    spec: ModelSpec,
    reference: Reference,
    profile: ReferenceProfile,
    window: Window,
    labels: Labels,
    device: Device,
) -> list[Observation]:
    refuse_future(spec.name, window)
    require_windows(reference, window)
    policy, informs = spec.monitoring, informing_columns(spec, reference)
    return [
        *observe_quality(spec, reference, window, labels, device),
        *observe_predictions(reference.held_out, window, policy, labels.final or bool(informs)),
        *observe_inputs(profile, window, policy, informs, device),
        *observe_labels(policy, window, labels),
        *observe_volume(policy, reference, window),
        *observe_business(spec.name, policy.business, window),
        observe_champion_age(policy, reference, window),
    ]
