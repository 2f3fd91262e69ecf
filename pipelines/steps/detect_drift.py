"""Compare a scored partition with what its champion was trained on and evaluated at."""

import numpy as np
import pandas as pd

from pipelines.array import Device, to_device
from pipelines.champions import Champion, champions
from pipelines.dataset import backfill_command, covered_part, validated_partitions
from pipelines.drift.inputs import column_drift
from pipelines.drift.page import draw
from pipelines.drift.plain_report import DriftReport, Quality, assess, judge_quality
from pipelines.errors import MissingInput
from pipelines.features import declared_views
from pipelines.flow import StepResult
from pipelines.gates.evaluation import Evaluation
from pipelines.interval import Interval, partition_interval
from pipelines.joined import joined_partition
from pipelines.journal import Event, record
from pipelines.layout import drift_page, drift_report, evaluation, predictions_table
from pipelines.metrics import measure_all
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store
from pipelines.training_set import Rows, declared_features, model_rows, scores_of
from pipelines.voids import refuse_void

REFERENCE_PARTITIONS = 3
DRIFT = "drift"


def run(spec: ModelSpec, interval: Interval, store: Store) -> StepResult:
    """Write the report as JSON and as Evidently's page, and journal its severity.

    Raises MissingInput when the partition was not scored, or its predictions are void.
    """
    part = covered_part(find_dataset(spec.dataset), interval)
    scored = _scores(spec, store, interval, part)
    champion = _champion_of(spec, store, int(scored["model_version"].iloc[0]), interval)
    current, reference = _rows(spec, store, interval), _reference(spec, store, champion)
    scored = scores_of(spec, scored, current)
    features = declared_features(spec)
    seasonal = {name for view in declared_views(spec.dataset) if view.seasonal for name in view.columns()}
    device: Device = "cuda" if spec.compute.has_gpu("detect_drift") else "cpu"
    inputs = [
        column_drift(reference.features[f.name], current.features[f.name], f.name in seasonal, device) for f in features
    ]
    evaluated = Evaluation.from_json(store.read_file(evaluation(spec.name, champion.version)))
    held_out = store.read_parquet(evaluated.scores, ["candidate"]).to_pandas()
    prediction = column_drift(held_out["candidate"].rename("score"), scored["score"], False, device)
    quality = _quality(spec, current, scored["score"].to_numpy(), evaluated, device)
    severity, reasons = assess(spec.monitoring, quality, prediction, inputs)
    report = DriftReport(
        model=spec.name,
        part=part,
        model_version=champion.version,
        severity=severity,
        reasons=reasons,
        quality_severity=judge_quality(spec.monitoring, quality)[0] if quality else None,
        quality=quality,
        positive_rate=_mean(current.label),
        prediction=prediction,
        inputs=inputs,
    )
    store.write_file(drift_report(spec.name, part), report.to_json().encode())
    categories = [feature.name for feature in features if feature.dtype == "category"]
    samples = [_sample(rows.features, spec.monitoring.sample_rows) for rows in (reference, current)]
    store.write_file(drift_page(spec.name, part), draw(samples[0], samples[1], categories))
    record(store, Event(DRIFT, spec.name, interval.as_of, {"part": part, "severity": severity, "reasons": reasons}))
    return _result(spec, interval, store, report)


def _scores(spec: ModelSpec, store: Store, interval: Interval, part: str) -> pd.DataFrame:
    if part not in store.parts(predictions_table(spec.name)):
        raise MissingInput(
            f"{spec.name}: {part} was not scored. "
            f"Backfill it first: {backfill_command(f'{spec.name}__predict', interval)}"
        )
    refuse_void(spec, store, part)
    scored: pd.DataFrame = store.read(predictions_table(spec.name), part=part).to_pandas()
    return scored


def _champion_of(spec: ModelSpec, store: Store, version: int, interval: Interval) -> Champion:
    found = [one for one in champions(store, spec.name, until=interval.start) if one.version == version]
    if not found:
        raise MissingInput(
            f"{spec.name}: the predictions of {interval} come from version {version}, which was not in force then. "
            f"Score it again: {backfill_command(f'{spec.name}__predict', interval)}"
        )
    return found[-1]


def _rows(spec: ModelSpec, store: Store, interval: Interval) -> Rows:
    joined = joined_partition(store, find_dataset(spec.dataset), interval)
    return model_rows(spec, store.read_parquet(joined.path).to_pandas(), interval.as_of)


def _reference(spec: ModelSpec, store: Store, champion: Champion) -> Rows:
    """The newest partitions before the end of the champion's training, as they are validated now."""
    dataset = find_dataset(spec.dataset)
    parts = list(validated_partitions(store, dataset.name, until=champion.trained_until))[-REFERENCE_PARTITIONS:]
    rows = [_rows(spec, store, partition_interval(part, dataset.partition)) for part in parts]
    return Rows(
        features=pd.concat([one.features for one in rows], ignore_index=True),
        label=np.concatenate([one.label for one in rows]),
        at=pd.concat([one.at for one in rows], ignore_index=True),
        day=np.concatenate([one.day for one in rows]),
        key=pd.concat([one.key for one in rows], ignore_index=True),
    )


def _quality(spec: ModelSpec, rows: Rows, scores: np.ndarray, evaluated: Evaluation, device: Device) -> Quality | None:
    """None while no label is known, or one class only."""
    known = ~np.isnan(rows.label)
    if not known.any() or (spec.target.task == "classification" and len(np.unique(rows.label[known])) < 2):
        return None
    label, score = (to_device(values[known], device) for values in (rows.label, scores))
    return Quality(
        metric=spec.monitoring.metric,
        measured=measure_all(spec.target.task, label, score, rows.day[known]),
        reference=evaluated.metrics["candidate"][spec.monitoring.metric].value,
        labelled=int(known.sum()),
        rows=len(rows.label),
    )


def _mean(label: np.ndarray) -> float | None:
    known = label[~np.isnan(label)]
    return float(known.mean()) if len(known) else None


def _sample(features: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Evenly spaced rows: the same run draws the same page."""
    return features.iloc[:: max(1, len(features) // rows)].reset_index(drop=True)


def _result(spec: ModelSpec, interval: Interval, store: Store, report: DriftReport) -> StepResult:
    figures: dict[str, float | int | str | bool | None] = {
        "severity": report.severity,
        "version": report.model_version,
        "positive_rate": report.positive_rate,
    }
    if report.quality is not None:
        figures |= {name: measured.value for name, measured in report.quality.measured.items()}
        figures |= {"rows": report.quality.rows, "labelled": report.quality.labelled}
    told = report.reasons[0] if report.reasons else "nothing moved beyond its threshold"
    return StepResult(
        step="detect_drift",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"{report.part}: {report.severity}, {told}",
        references={
            "report": drift_report(spec.name, report.part),
            "page": store.location(drift_page(spec.name, report.part)),
        },
        figures=figures,
    )
