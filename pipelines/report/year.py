"""The year of one model: a row a month, the same as JSON, and a picture.

The model that was retrained is measured by the predictions that were logged; the first champion, never
retrained, scores the same rows here.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.champions import Champion, champions
from pipelines.dataset import validated_partitions
from pipelines.environment import store_uri, tracking_uri
from pipelines.gates.evaluations import read_evaluation
from pipelines.interval import partition_interval
from pipelines.joined import joined_partition
from pipelines.journal import events
from pipelines.layout import candidate, drift_report, predictions_table
from pipelines.metrics import Measured, measure
from pipelines.prediction_log import read_log
from pipelines.registry import Registry
from pipelines.report.picture import draw
from pipelines.served_model import load_version
from pipelines.spec import ModelSpec, find_dataset, find_model
from pipelines.spec_words import Metric
from pipelines.store import Store
from pipelines.training_set import Rows, model_rows, scores_of, stamp


@dataclass(frozen=True)
class Month:
    """One partition. auc, auc_low, auc_high: of the logged predictions; None where none were made.

    verdict: of the candidate trained as of the month's end; champion_version scored the month.
    """

    month: str
    rows: int
    late_rate: float | None = None
    champion_version: int | None = None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    auc_never_retrained: float | None = None
    brier: float | None = None
    verdict: str | None = None
    promoted_version: int | None = None
    drift_severity: str | None = None
    decision: str | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Year:
    table: Table
    picture: Path
    json: Path


def write(model: str, months: int, reports: Path, seconds: Mapping[str, float]) -> Year:
    """Table, picture and JSON of a classification model over the first `months` partitions of its dataset.

    seconds: task time by month, 'YYYY-MM'.
    """
    spec, store = find_model(model), Store(store_uri())
    rows = [
        _month(spec, store, part, count, seconds.get(part)) for part, count in _partitions(spec, store, months).items()
    ]
    reports.mkdir(parents=True, exist_ok=True)
    year = Year(table(model, rows), reports / f"{model}-year.png", reports / f"{model}-year.json")
    year.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    draw(model, [asdict(row) for row in rows], year.picture)
    return year


def _partitions(spec: ModelSpec, store: Store, months: int) -> dict[str, int]:
    validated = validated_partitions(store, spec.dataset)
    return {part: found.rows for part, found in sorted(validated.items())[:months]}


def _month(spec: ModelSpec, store: Store, part: str, count: int, seconds: float | None) -> Month:
    interval = partition_interval(part, find_dataset(spec.dataset).partition)
    promoted = [one for one in champions(store, spec.name) if one.effective_from == interval.end]
    joined = store.read_parquet(joined_partition(store, find_dataset(spec.dataset), interval).path).to_pandas()
    rows = model_rows(spec, joined, interval.as_of)
    month = Month(
        month=part,
        rows=count,
        late_rate=float(np.nanmean(rows.label)),
        verdict=_verdict(spec, store, stamp(interval.as_of)),
        promoted_version=promoted[-1].version if promoted else None,
        seconds=seconds,
    )
    if part not in store.parts(predictions_table(spec.name)):
        return month
    return _scored(spec, store, month, joined, rows)


def _verdict(spec: ModelSpec, store: Store, as_of: str) -> str | None:
    path = candidate(spec.name, as_of)
    if not store.exists(path):
        return None
    judged = read_evaluation(store, spec.name, json.loads(store.read_file(path))["version"])
    return judged.verdict if judged is not None else None


def _scored(spec: ModelSpec, store: Store, month: Month, joined: pd.DataFrame, rows: Rows) -> Month:
    logged = scores_of(spec, read_log(spec, store, month.month).to_pandas(), rows)
    drift = store.exists(drift_report(spec.name, month.month))
    report = json.loads(store.read_file(drift_report(spec.name, month.month))) if drift else {}
    decided = [e for e in events(store, "decision", spec.name) if e.content["part"] == month.month]
    auc, brier = (_measured(metric, rows, logged["score"].to_numpy()) for metric in ("auc", "brier"))
    first = _measured("auc", rows, _first_champion_scores(spec, store, champions(store, spec.name)[0], joined))
    return Month(
        **asdict(month)
        | {
            "champion_version": int(logged["model_version"].iloc[0]),
            "auc": auc.value,
            "auc_low": auc.low,
            "auc_high": auc.high,
            "auc_never_retrained": first.value,
            "brier": brier.value,
            "drift_severity": report.get("severity"),
            "decision": decided[-1].content["decision"] if decided else None,
        }
    )


def _measured(metric: Metric, rows: Rows, scores: np.ndarray) -> Measured:
    known = ~np.isnan(rows.label)
    return measure(metric, rows.label[known], scores[known].astype("float64"), rows.day[known])


def _first_champion_scores(spec: ModelSpec, store: Store, first: Champion, joined: pd.DataFrame) -> np.ndarray:
    return load_version(store, Registry(tracking_uri()), spec.name, first.version).score(joined)


def table(model: str, rows: list[Month]) -> Table:
    """The year for a terminal of 80 columns."""
    shown = Table(title=f"{model}, month by month (UTC)", box=SIMPLE_HEAD, show_edge=False, padding=0)
    numbers = ("rows", "late", "Brier", "s")
    for heading in ("month", "rows", "late", "by", "AUC 95 %", "first", "Brier", "gates", "drift", "decision", "s"):
        shown.add_column(heading, justify="right" if heading in numbers else "left", no_wrap=True)
    for row in rows:
        promoted = f" v{row.promoted_version}" if row.promoted_version else ""
        shown.add_row(
            row.month,
            f"{row.rows:,}",
            _text(row.late_rate, ".1%"),
            _text(row.champion_version, "d", "v"),
            "" if row.auc is None or row.auc_high is None else f"{row.auc:.3f} ±{row.auc_high - row.auc:.3f}",
            _text(row.auc_never_retrained, ".3f"),
            _text(row.brier, ".3f"),
            f"{row.verdict or ''}{promoted}",
            row.drift_severity or "",
            row.decision or "",
            _text(row.seconds, ".0f"),
        )
    shown.caption = "by: the version that scored it · first: AUC of the first champion, never retrained"
    return shown


def _text(value: float | None, how: str, prefix: str = "") -> str:
    return "" if value is None else f"{prefix}{value:{how}}"
