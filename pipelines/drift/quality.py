"""Quality of a window's predictions, on exactly its labelled rows, against the champion's own evaluation."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.array import Device, to_device
from pipelines.drift.promises import observe_promises, untold
from pipelines.drift.report import Labels
from pipelines.drift.series import Observation
from pipelines.drift.windows import HeldOut, Reference, Scored, Window
from pipelines.errors import CallerError, SpecError
from pipelines.gates.slicing import NUMBERS_AT_MOST, slices
from pipelines.metrics import Measured, measure, value_of
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER, Metric, Task
from pipelines.training_set import Rows, declared_features

LEAST_ROWS = 100
LEAST_DAYS = 2
# As for the gates: the AUC of fewer flights is within .07 of anything.
LEAST_SLICE_ROWS = 300
LEAST_DAY_ROWS = 20
# Told beside the one that alarms: calibration is where drift hurts first.
INFORMING: dict[Task, tuple[Metric, ...]] = {
    "classification": ("brier", "ece"),
    "regression": ("rmse", "pinball_10", "pinball_50", "pinball_90"),
}


def observe_quality(
    spec: ModelSpec, reference: Reference, window: Window, labels: Labels, device: Device = "cpu"
) -> list[Observation]:
    """The loss of the declared metric, and what the scores promised of it; other metrics, slices and the label's rate
    inform.

    Values are None until the window is final; what is known by then stands in the text, as provisional. Raises
    CallerError for a slice that is no column of the model or has too many numbers, GpuMissing.
    """
    policy, task = spec.monitoring, spec.target.task
    known = ~np.isnan(window.rows.label)
    rows, score = window.rows.where(known), window.scores[known]
    _require_columns(spec, rows.features)
    asked: dict[Metric, float | None] = {policy.metric: policy.warning_loss}
    asked |= {metric: None for metric in INFORMING[task] if metric != policy.metric}
    share, when = f"{labels.labelled:,} of {labels.rows:,} rows ({labels.covered:.0%})", _when_final(policy, window)
    if reason := _untold(task, rows.label, score, rows.day):
        told = f"cannot be told: {share} have a label, {reason}{'' if labels.final else when}"
        losses = [Observation("quality", "loss", metric, None, worth, told) for metric, worth in asked.items()]
        return [*losses, *untold(policy, task, reference.held_out.every_window, told)]
    found = [_loss(metric, worth, rows, score, reference.metrics, device) for metric, worth in asked.items()]
    in_slices, left_out = _by_slice(spec, reference, rows, score, device)
    if left_out:
        few = f"{found[0].text}; {left_out} slices of under {LEAST_SLICE_ROWS} rows or of one class are left out"
        found[0] = replace(found[0], text=few)
    found = [replace(one, text=f"{one.text}; {share} have a label") for one in found]
    found += observe_promises(policy, task, reference.held_out.every_window, Scored(rows.label, score, rows.day))
    found += [*in_slices, _rate_shift(reference.held_out, rows)]
    return found if labels.final else [_provisional(one, when) for one in found]


def loss_between(metric: Metric, now: Measured, then: Measured) -> Measured:
    """By how much `now` is worse, in the metric's unit; both are estimates, and independent.

    Its interval follows from theirs (MOVER; Zou & Donner 2008); none where either has none.
    """
    worse, better = (then, now) if metric in HIGHER_IS_BETTER else (now, then)
    loss = worse.value - better.value
    if worse.low is None or worse.high is None or better.low is None or better.high is None:
        return Measured(loss, None, None)
    down = float(np.hypot(worse.value - worse.low, better.high - better.value))
    up = float(np.hypot(worse.high - worse.value, better.value - better.low))
    return Measured(loss, loss - down, loss + up)


def daily_losses(
    metric: Metric, label: np.ndarray, score: np.ndarray, day: np.ndarray, then: float
) -> dict[str, float]:
    """Each day's loss against one figure, by day, oldest first; days of few rows or one class are left out.

    label, score, day: (n,). Empty for ECE and PR AUC, which a day's few rows or its share of positives would move.
    """
    if metric in ("ece", "pr_auc"):
        return {}
    sign = -1.0 if metric in HIGHER_IS_BETTER else 1.0
    frame = pd.DataFrame({"label": label, "score": score})
    days = {str(name): rows for name, rows in frame.groupby(day, sort=True) if len(rows) >= LEAST_DAY_ROWS}
    told = {name: (rows["label"].to_numpy(), rows["score"].to_numpy()) for name, rows in days.items()}
    if metric == "auc":
        told = {name: sides for name, sides in told.items() if 0 < sides[0].mean() < 1}
    return {name: sign * (value_of(metric, *sides) - then) for name, sides in told.items()}


def _untold(task: Task, label: np.ndarray, score: np.ndarray, day: np.ndarray) -> str | None:
    """Why nothing can be told of these rows."""
    if len(label) < LEAST_ROWS:
        return f"and {LEAST_ROWS} rows are needed"
    if (days := len(np.unique(day))) < LEAST_DAYS:
        return f"of {days} day, and {LEAST_DAYS} days are needed"
    if task == "classification" and len(np.unique(label)) < 2:
        return f"all {'positive' if label[0] else 'negative'}"
    if strange := int((~np.isfinite(score)).sum()):
        return f"and {strange:,} scores of these are not numbers"
    return None


def _when_final(policy: Monitoring, window: Window) -> str:
    due = window.interval.end + policy.label_delay
    return f"; final once {policy.label_coverage:.0%} have one, from {due:%F %R} on"


def _provisional(one: Observation, when: str) -> Observation:
    text = f"provisional: {one.text}{when}"
    return replace(one, value=None, low=None, high=None, daily=[], days=[], measured=[], text=text)


def _loss(
    metric: Metric,
    worth: float | None,
    rows: Rows,
    score: np.ndarray,
    evaluated: Mapping[str, Measured],
    device: Device,
) -> Observation:
    if metric not in evaluated:
        return Observation("quality", "loss", metric, None, worth, f"the champion was not evaluated on {metric}")
    now, then = _measured(metric, rows.label, score, rows.day, device), evaluated[metric]
    loss = loss_between(metric, now, then)
    text = f"{metric} {now} against {then.value:.4f} at evaluation"
    daily = daily_losses(metric, rows.label, score, rows.day, then.value)
    told = (list(daily.values()), _ends(now), list(daily))
    return Observation("quality", "loss", metric, loss.value, worth, text, loss.low, loss.high, *told)


def _by_slice(
    spec: ModelSpec, reference: Reference, rows: Rows, score: np.ndarray, device: Device
) -> tuple[list[Observation], int]:
    """The declared metric's loss in every slice, against the same slice where it was held out, and how many slices
    cannot be told.

    They inform: nothing says what a slice reaches by chance, and among many one is always the worst.
    """
    metric, held_out, task = spec.monitoring.metric, reference.held_out, spec.target.task
    columns = [name for name in spec.monitoring.slices if name in held_out.columns]
    before = {one.name: one.rows for one in slices(held_out.columns, columns, 1)}
    found, left_out = [], 0
    for one in slices(rows.features, spec.monitoring.slices, 1):
        label, scores, day = rows.label[one.rows], score[one.rows], rows.day[one.rows]
        if len(one.rows) < LEAST_SLICE_ROWS or _untold(task, label, scores, day) or metric not in reference.metrics:
            left_out += 1
            continue
        now = _measured(metric, label, scores, day, device)
        then, whose = _slice_before(metric, task, held_out, before.get(one.name), device)
        then = then or reference.metrics[metric]
        loss = loss_between(metric, now, then)
        text = f"{metric} {now} against {then.value:.4f} of {whose}, on {len(one.rows):,} labelled rows"
        daily = daily_losses(metric, label, scores, day, then.value)
        subject = f"{metric}[{one.name}]"
        told = (loss.low, loss.high, list(daily.values()), _ends(now), list(daily))
        found.append(Observation("quality", "loss", subject, loss.value, None, text, *told))
    return found, left_out


def _slice_before(
    metric: Metric, task: Task, held_out: HeldOut, at: np.ndarray | None, device: Device
) -> tuple[Measured | None, str]:
    """The slice's own figure at evaluation, and whose the figure to compare with is."""
    if at is not None and len(at) >= LEAST_SLICE_ROWS:
        label, scores, day = held_out.label[at], held_out.score[at], held_out.day[at]
        if _untold(task, label, scores, day) is None:
            return _measured(metric, label, scores, day, device), "the same slice at evaluation"
    return None, "all rows at evaluation"


def _measured(metric: Metric, label: np.ndarray, score: np.ndarray, day: np.ndarray, device: Device) -> Measured:
    return measure(metric, to_device(label, device), to_device(score, device), day)


def _ends(now: Measured) -> list[float]:
    return [now.value] if now.low is None or now.high is None else [now.value, now.low, now.high]


def _rate_shift(held_out: HeldOut, rows: Rows) -> Observation:
    """|Move of the label's mean|: whether more of it comes than at evaluation, whatever was predicted."""
    now, then = float(rows.label.mean()), float(held_out.label.mean())
    text = f"mean label {now:.4f} against {then:.4f} at evaluation"
    return Observation("quality", "rate_shift", "label", abs(now - then), None, text)


def require_slices(spec: ModelSpec) -> None:
    """Raises SpecError when a declared slice is no column of the model."""
    names = [feature.name for feature in declared_features(spec)]
    for position, name in enumerate(spec.monitoring.slices):
        if name not in names:
            raise SpecError(
                f"{spec.name}: monitoring.slices[{position}] is '{name}', which is no feature of the model; "
                f"its features: {', '.join(names)}"
            )


def _require_columns(spec: ModelSpec, features: pd.DataFrame) -> None:
    for name in spec.monitoring.slices:
        if name not in features:
            raise CallerError(
                f"{spec.name}: monitoring.slices names '{name}', which is no column of the model; "
                f"its columns: {', '.join(features)}"
            )
        if pd.api.types.is_numeric_dtype(features[name]) and (numbers := features[name].nunique()) > NUMBERS_AT_MOST:
            raise CallerError(
                f"{spec.name}: monitoring.slices names '{name}', which has {numbers:,} different numbers in this "
                f"window, more than {NUMBERS_AT_MOST}; name a category, or few numbers such as a weekday's"
            )
