"""Compare a scored partition with what its champion was trained on and evaluated at."""

import pandas as pd

from pipelines.array import Device
from pipelines.champions import Champion
from pipelines.drift.assessment import assess, profiled
from pipelines.drift.bounds import bounds_of
from pipelines.drift.freshness import (
    aging_views,
    feature_times,
    observe_feature_age,
    observe_missing_partitions,
    refuse_future,
)
from pipelines.drift.history import read, write
from pipelines.drift.labels import labels_of
from pipelines.drift.page import draw
from pipelines.drift.reference import reference_of, reference_spans
from pipelines.drift.report import DriftReport
from pipelines.drift.scored import look_again, scored_by, window_of
from pipelines.drift.series import Observation
from pipelines.drift.skew import observe_skew, scoring_model
from pipelines.drift.told_quality import quality_of
from pipelines.drift.volume import require_windows
from pipelines.drift.windows import Reference, Window
from pipelines.estimators import importances
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.journal import Event, record
from pipelines.layout import drift_page, drift_report, drift_snapshot
from pipelines.registry import Registry
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.training_set import scores_of

DRIFT = "drift"


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Write the report as JSON and as Evidently's page, keep every series, and journal the severity.

    Earlier windows whose labels came since are looked at again. Raises MissingInput when the partition was not
    scored, or its predictions are void; EmptyWindow when there is nothing to compare.
    """
    device: Device = "cuda" if spec.compute.has_gpu("detect_drift") else "cpu"
    logged, champion = scored_by(spec, store, interval)
    model = scoring_model(store, registry, spec.name, champion.version)
    reference = reference_of(spec, store, champion, interval, importances(model.booster) if model else {})
    window = window_of(spec, store, interval, interval.as_of, logged)
    refuse_future(spec.name, window)
    require_windows(reference, window)
    profile = profiled(spec, reference, device)
    report = assess(
        spec,
        reference,
        profile,
        window,
        labels_of(spec, store, window),
        bounds_of(spec, store, reference, profile),
        read(store, spec.name, interval.as_of),
        [
            *_ages(spec, store, champion, window, logged),
            *observe_missing_partitions(spec, store, reference, window),
            *observe_skew(spec, model, window, spec.monitoring),
        ],
        look_again(spec, store, interval, device),
        device,
    )
    _draw(spec, store, reference, window, report)
    store.write_file(drift_report(spec.name, report.part), report.to_json().encode())
    series = write(store, report)
    told = {"part": report.part, "severity": report.severity, "reasons": report.reasons}
    why = {"cause": report.attribution.cause, "sentence": report.attribution.sentence}
    quality = {"quality": quality_of(report, spec.monitoring.metric)}
    record(store, Event(DRIFT, spec.name, interval.as_of, told | why | quality))
    return _result(interval, store, report, series)


def _ages(spec: ModelSpec, store: Store, champion: Champion, window: Window, logged: pd.DataFrame) -> list[Observation]:
    spans = reference_spans(spec, store, champion.trained_until, window.interval).spans
    times = scores_of(spec, logged, window.rows)
    return observe_feature_age(aging_views(spec), times, window.rows.day, feature_times(spec, store, spans))


def _draw(spec: ModelSpec, store: Store, reference: Reference, window: Window, report: DriftReport) -> None:
    page = draw(spec, reference, window, report)
    store.write_file(drift_page(spec.name, window.part), page.html)
    store.write_file(drift_snapshot(spec.name, window.part), page.snapshot)


def _result(interval: Interval, store: Store, report: DriftReport, series: str) -> StepResult:
    figures: dict[str, float | int | str | bool | None] = {
        "severity": report.severity,
        "cause": report.attribution.cause,
        "version": report.model_version,
        "positive_rate": report.positive_rate,
        "rows": report.labels.rows,
        "labelled": report.labels.labelled,
        "final": report.labels.final,
    }
    losses = [one.observation for one in report.states if one.observation.statistic == "loss"]
    whole = [one for one in losses if one.measured and "[" not in one.subject]
    figures |= {one.subject: one.measured[0] for one in whole}
    return StepResult(
        step="detect_drift",
        subject=report.model,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{report.part}: {report.severity}. {report.attribution.sentence}",
        references={
            "report": drift_report(report.model, report.part),
            "page": store.location(drift_page(report.model, report.part)),
            "series": series,
        },
        figures=figures,
    )
