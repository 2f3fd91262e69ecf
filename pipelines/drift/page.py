"""The page of a drift report: drawn by Evidently, on samples, in one file that opens offline."""

import html
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipelines.drift.report import DriftReport
from pipelines.drift.samples import Sample, drawable, sample_reference, sample_window
from pipelines.drift.windows import Reference, Window
from pipelines.interval import parse_time
from pipelines.spec import ModelSpec
from pipelines.spec_words import Task
from pipelines.training_set import declared_features

if TYPE_CHECKING:  # Evidently takes seconds to import
    from evidently.core.report import Snapshot

MOST_BYTES = 5_000_000
# A column draws about 35 kB; Evidently's own code takes 3.5 MB of every page.
COLUMNS = 30
LEAST_LABELLED = 30
PSI_SHOWN = 0.2


@dataclass(frozen=True)
class Page:
    """html: opens offline, under 5 MB. snapshot: JSON, for Evidently's workspace; `Snapshot.loads` reads it."""

    html: bytes
    snapshot: bytes


@dataclass(frozen=True)
class Sides:
    reference: Sample
    window: Sample


@dataclass(frozen=True)
class Part:
    """What Evidently computes of one pair of frames. metric: a metric or preset of its own; definition: a
    DataDefinition."""

    metric: Any
    definition: Any
    old: pd.DataFrame
    new: pd.DataFrame


def draw(spec: ModelSpec, reference: Reference, window: Window, report: DriftReport) -> Page:
    """Inputs, predictions and, where enough is labelled, quality: the window beside its reference.

    What is drawn is a sample, of monitoring.sample_rows rows a side, and the page says so; the report's own numbers
    are of all rows. Columns that moved come first; those that Evidently cannot draw, or for which the page has no
    room, are named.
    """
    rows, declared = spec.monitoring.sample_rows, declared_features(spec)
    sides = Sides(sample_reference(reference, rows), sample_window(window, rows))
    categories = [feature.name for feature in declared if feature.dtype == "category"]
    moved = [one.feature for one in report.attribution.moved]
    names = dict.fromkeys([*moved, *(feature.name for feature in declared)])
    order = [name for name in names if name in sides.reference.inputs]
    old, new, left_out = drawable(sides.reference.inputs[order], sides.window.inputs, categories)
    count = min(COLUMNS, old.shape[1])
    while True:
        shown = list(old.columns[:count])
        parts = [*_inputs(old[shown], new[shown], categories), *_answers(spec.target.task, sides)]
        snapshot = _run(parts, report)
        banner = _banner(report, sides, left_out, list(old.columns[count:]))
        page = snapshot.get_html_str(as_iframe=False).replace("<body>", f"<body>{banner}", 1).encode()
        # Long names of categories take more room than usual.
        if len(page) < MOST_BYTES or not count:
            return Page(page, snapshot.dumps().encode())
        count //= 2


def _inputs(reference: pd.DataFrame, current: pd.DataFrame, categories: Sequence[str]) -> list[Part]:
    from evidently import DataDefinition
    from evidently.presets import DataDriftPreset

    if not len(reference.columns):
        return []
    text = [name for name in categories if name in reference]
    definition = DataDefinition(
        numerical_columns=[name for name in reference if name not in text], categorical_columns=text
    )
    preset = DataDriftPreset(num_method="psi", cat_method="psi", num_threshold=PSI_SHOWN, cat_threshold=PSI_SHOWN)
    return [Part(preset, definition, reference, current)]


def _answers(task: Task, sides: Sides) -> list[Part]:
    """The predictions, and their quality where both sides have enough labels, of both classes."""
    from evidently import BinaryClassification, DataDefinition, Regression
    from evidently.metrics import ValueDrift
    from evidently.presets import ClassificationQuality, RegressionQuality

    sampled = (sides.reference, sides.window)
    parts = []
    if min(len(side.scores) for side in sampled):
        drift = ValueDrift(column="score", method="psi", threshold=PSI_SHOWN)
        definition = DataDefinition(numerical_columns=["score"])
        parts.append(Part(drift, definition, sides.reference.scores, sides.window.scores))
    if min(len(side.answers) for side in sampled) < LEAST_LABELLED:
        return parts
    answers = [side.answers for side in sampled]
    if task == "regression":
        definition = DataDefinition(regression=[Regression(target="label", prediction="score")])
        return [*parts, Part(RegressionQuality(), definition, answers[0], answers[1])]
    if any(side["label"].nunique() < 2 for side in answers):
        return parts
    classes = [side.astype({"label": "int64"}) for side in answers]
    named = BinaryClassification(target="label", prediction_labels=None, prediction_probas="score", pos_label=1)
    definition = DataDefinition(classification=[named], categorical_columns=["label"], numerical_columns=["score"])
    return [*parts, Part(ClassificationQuality(), definition, classes[0], classes[1])]


def _run(parts: Sequence[Part], report: DriftReport) -> "Snapshot":
    """One snapshot of several data sets: for Evidently a report has one, and ours have different rows."""
    from evidently import Dataset, Report
    from evidently.core.report import Snapshot

    whole: dict[str, Any] = {}
    with _plain_figures():
        for part in parts or [Part(None, None, pd.DataFrame(), pd.DataFrame())]:
            old, new = (Dataset.from_pandas(one, data_definition=part.definition) for one in (part.old, part.new))
            ran = Report([] if part.metric is None else [part.metric]).run(
                new, old, timestamp=parse_time(report.as_of), metadata=_metadata(report), tags=[report.severity]
            )
            found = ran.dump_dict()
            for key in ("top_level_metrics", "widgets"):
                found[key] = [*whole.get(key, []), *found[key]]
            whole = found | {"metric_results": whole.get("metric_results", {}) | found["metric_results"]}
    return Snapshot.load_dict(whole)


def _metadata(report: DriftReport) -> dict[str, str]:
    """What Evidently's workspace shows beside a run."""
    return {
        "part": report.part,
        "model version": str(report.model_version),
        "severity": report.severity,
        "cause": report.attribution.cause,
        "sentence": report.attribution.sentence,
    }


@contextmanager
def _plain_figures() -> Iterator[None]:
    """Plotly's default template is half of every figure's size."""
    import plotly.io

    before = plotly.io.templates.default
    plotly.io.templates.default = None
    try:
        yield
    finally:
        plotly.io.templates.default = before


def _banner(report: DriftReport, sides: Sides, left_out: Sequence[str], no_room: Sequence[str]) -> str:
    old, new = sides.reference, sides.window
    says = (
        f"Drawn by Evidently from a sample, evenly spaced: {len(new.inputs):,} of the window's {new.of_rows:,} rows "
        f"beside {len(old.inputs):,} of the reference's {old.of_rows:,}; quality from {len(new.answers):,} of "
        f"{new.of_labelled:,} labelled rows beside {len(old.answers):,} of {old.of_labelled:,} held out. "
        "Trainyard's own numbers, which decide, are of all rows."
    )
    reasons = [*left_out, *([f"for lack of room {', '.join(no_room)}"] if no_room else [])]
    without = f"<p>Not drawn: {_text('; '.join(reasons))}.</p>" if reasons else ""
    return (
        '<div style="font:15px/1.5 system-ui,sans-serif;padding:16px 32px;background:#f4f5f7">'
        f"<b>{_text(f'{report.model} in {report.part}, version {report.model_version}: {report.severity}')}</b>"
        f"<p>{_text(report.attribution.sentence)}</p><p>{_text(says)}</p>{without}</div>"
    )


def _text(content: str) -> str:
    return html.escape(content, quote=False)
