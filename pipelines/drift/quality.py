"""Quality of a window's predictions, on exactly its labelled rows, against the champion's own evaluation."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from pipelines.array import Device, to_device
from pipelines.drift.report import Labels
from pipelines.drift.series import Observation
from pipelines.drift.windows import HeldOut, Reference, Window
from pipelines.errors import CallerError
from pipelines.gates.slicing import NUMBERS_AT_MOST, slices
from pipelines.metrics import Measured, measure, value_of
from pipelines.monitoring_spec import Monitoring
from pipelines.spec import ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER, Metric, Task
from pipelines.training_set import Rows

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
    """The loss of the declared metric; of others, by slice and of the label's rate, which inform.

    Values are None until the window is final; what is known by then stands in the text, as provisional. Raises
    CallerError for a slice that is no column of the model or has too many numbers, GpuMissing.
    """
    policy, task = spec.monitoring, spec.target.task
    known = ~np.isnan(window.rows.label)
    rows, score = window.rows.where(known), window.scores[known]
    _require_columns(spec, rows.features)
    metrics: list[Metric] = [policy.metric, *(one for one in INFORMING[task] if one != policy.metric)]
    worth: list[float | None] = [policy.warning_loss, *(None for _ in metrics[1:])]
    share = f"{labels.labelled:,} of {labels.rows:,} rows ({labels.covered:.0%}) that have a label"
    if reason := _untold(task, rows.label, score, rows.day):
        told = f"not told on {share}: {reason}{_when_final(policy, window, labels)}"
        return [
            Observation("quality", "loss", metric, None, least, told)
            for metric, least in zip(metrics, worth, strict=True)
        ]
    found = [
        _loss(metric, least, rows, score, reference.metrics, share, device)
        for metric, least in zip(metrics, worth, strict=True)
    ]
    found += _by_slice(spec, reference, rows, score, share, device)
    found.append(_rate_shift(reference.held_out, rows, share))
    return found if labels.final else [_provisional(one, _when_final(policy, window, labels)) for one in found]


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


def daily_losses(metric: Metric, label: np.ndarray, score: np.ndarray, day: np.ndarray, then: float) -> list[float]:
    """Each day's loss against one figure, oldest first; days of few rows or one class are left out.

    label, score, day: (n,). Empty for ECE and PR AUC, which a day's few rows or its share of positives would move.
    """
    if metric in ("ece", "pr_auc"):
        return []
    sign = -1.0 if metric in HIGHER_IS_BETTER else 1.0
    frame = pd.DataFrame({"label": label, "score": score})
    days = [(one["label"].to_numpy(), one["score"].to_numpy()) for _, one in frame.groupby(day, sort=True)]
    told = [(labels, scores) for labels, scores in days if len(labels) >= LEAST_DAY_ROWS]
    if metric == "auc":
        told = [(labels, scores) for labels, scores in told if 0 < labels.mean() < 1]
    return [sign * (value_of(metric, labels, scores) - then) for labels, scores in told]


def _untold(task: Task, label: np.ndarray, score: np.ndarray, day: np.ndarray) -> str | None:
    """Why nothing can be told of these rows."""
    if len(label) < LEAST_ROWS:
        return f"{LEAST_ROWS} are needed"
    if (days := len(np.unique(day))) < LEAST_DAYS:
        return f"they are of {days} day, and intervals need {LEAST_DAYS}"
    if task == "classification" and len(np.unique(label)) < 2:
        return f"all of them are {'positive' if label[0] else 'negative'}"
    if strange := int((~np.isfinite(score)).sum()):
        return f"{strange:,} of their scores are not numbers"
    return None


def _when_final(policy: Monitoring, window: Window, labels: Labels) -> str:
    if labels.final:
        return ""
    due = window.interval.end + policy.label_delay
    return f"; final once {policy.label_coverage:.0%} have one, from {due:%F %R} on"


def _provisional(one: Observation, when: str) -> Observation:
    return replace(one, value=None, low=None, high=None, daily=[], text=f"provisional: {one.text}{when}")


def _loss(
    metric: Metric,
    worth: float | None,
    rows: Rows,
    score: np.ndarray,
    then: Mapping[str, Measured],
    share: str,
    device: Device,
) -> Observation:
    if metric not in then:
        return Observation("quality", "loss", metric, None, worth, f"the champion was not evaluated on {metric}")
    now = _measured(metric, rows.label, score, rows.day, device)
    loss = loss_between(metric, now, then[metric])
    return Observation(
        "quality",
        "loss",
        metric,
        loss.value,
        worth,
        f"{metric} {now} against {then[metric].value:.4f} at evaluation, on {share}",
        loss.low,
        loss.high,
        daily_losses(metric, rows.label, score, rows.day, then[metric].value),
    )


def _by_slice(
    spec: ModelSpec, reference: Reference, rows: Rows, score: np.ndarray, share: str, device: Device
) -> list[Observation]:
    """The declared metric's loss in every slice of enough rows, against the same slice where it was held out."""
    metric, held_out, task = spec.monitoring.metric, reference.held_out, spec.target.task
    if metric not in reference.metrics:
        return []
    columns = [name for name in spec.monitoring.slices if name in held_out.columns]
    before = {one.name: one.rows for one in slices(held_out.columns, columns, 1)}
    found = []
    for one in slices(rows.features, spec.monitoring.slices, 1):
        label, scores, day = rows.label[one.rows], score[one.rows], rows.day[one.rows]
        if len(one.rows) < LEAST_SLICE_ROWS or _untold(task, label, scores, day):
            continue
        now = _measured(metric, label, scores, day, device)
        then, whose = _slice_before(metric, task, held_out, before.get(one.name), device)
        then = then or reference.metrics[metric]
        loss = loss_between(metric, now, then)
        text = f"{metric} {now} against {then.value:.4f} of {whose}, on the {len(one.rows):,} of {one.name} of {share}"
        subject = f"{metric}[{one.name}]"
        daily = daily_losses(metric, label, scores, day, then.value)
        found.append(Observation("quality", "loss", subject, loss.value, None, text, loss.low, loss.high, daily))
    return found


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


def _rate_shift(held_out: HeldOut, rows: Rows, share: str) -> Observation:
    """|Move of the label's mean|: whether more of it comes than at evaluation, whatever was predicted."""
    now, then = float(rows.label.mean()), float(held_out.label.mean())
    text = f"mean label {now:.4f} against {then:.4f} at evaluation, on {share}"
    return Observation("quality", "rate_shift", "label", abs(now - then), None, text)


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
