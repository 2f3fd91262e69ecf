"""What a policy was worth and what it cost, in figures with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipelines.backtest.history import History
from pipelines.backtest.replay import Run
from pipelines.backtest.watching import Served
from pipelines.gates.comparison import Comparison
from pipelines.gates.kinds.bounds import Ceiling, Floor
from pipelines.metrics import CONFIDENCE, Measured, value_of
from pipelines.spec import ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER

# One day's rows are too few to say on which side of a floor it is.
FLOOR_DAYS = 7


@dataclass(frozen=True)
class Measures:
    """What policies are held to. margin: a gain in the metric's unit that is worth a retraining. floor: of the
    metric, a ceiling where less is better; None where the spec has none. price: of a retraining to the oracle, in
    the metric's unit over one window."""

    margin: float
    floor: float | None
    price: float


@dataclass(frozen=True)
class Outcome:
    """windows: the metric in each. quality: its mean over them. gain: over never retraining, regret: against the
    oracle, both paired, and better is positive for a gain. cpu_s, gpu_s: of its trainings. refused: candidates that
    failed their gates; asked: windows in which a person was asked. days_below: see `days_below_floor`, None without a
    floor. false_alarms: None for a policy that hears none. missed: windows in which a fresh model would have been
    better by more than the margin, and no alarm came. fresh_gain: of that model, in each window."""

    run: Run
    windows: list[Measured]
    quality: Measured
    gain: Measured
    regret: Measured
    cpu_s: float
    gpu_s: float
    refused: int
    asked: int
    days_below: int | None
    false_alarms: int | None
    missed: int
    fresh_gain: list[float]

    @property
    def name(self) -> str:
        return self.run.policy.name

    @property
    def retrains(self) -> int:
        return len(self.run.trained)

    @property
    def cost_s(self) -> float:
        """GPU seconds where there were any, else CPU seconds."""
        return self.gpu_s or self.cpu_s


def measures_of(spec: ModelSpec, margin: float | None, floor: float | None, price: float) -> Measures:
    """Those given, else the spec's: its least gain, or half of the loss that is worth a warning; its floor."""
    gates = [gate for gate in spec.gates if isinstance(gate, Floor | Ceiling)]
    bounds = [
        gate.at_least if isinstance(gate, Floor) else gate.at_most
        for gate in gates
        if gate.metric == spec.monitoring.metric
    ]
    return Measures(
        margin=margin if margin is not None else spec.retrain.least_gain or spec.monitoring.warning_loss / 2,
        floor=floor if floor is not None else next(iter(bounds), None),
        price=price,
    )


def outcome_of(history: History, run: Run, oracle: Served, measures: Measures) -> Outcome:
    never = (0,) * len(run.turns)
    fresh = [history.gain(window, fit, window).gain for window, fit in enumerate(run.served)]
    worth_it = [gain > measures.margin for gain in fresh]
    alarmed = [turn.alarmed for turn in run.turns]
    windows = [history.quality(fit, window) for window, fit in enumerate(run.served)]
    spent = _trained_for(history, run.trained)
    return Outcome(
        run=run,
        windows=windows,
        quality=_mean_quality(history, run.served),
        gain=paired_gain(history, run.served, never),
        regret=paired_gain(history, oracle, run.served),
        cpu_s=sum(cpu for cpu, _ in spent),
        gpu_s=sum(gpu for _, gpu in spent),
        refused=sum(turn.admitted is False for turn in run.turns),
        asked=sum(turn.answer in ("ask", "stop") for turn in run.turns),
        days_below=None if measures.floor is None else days_below_floor(history, run.served, measures.floor),
        false_alarms=None
        if run.policy.rule is None
        else sum(bool(alarm) and not worth for alarm, worth in zip(alarmed, worth_it, strict=True)),
        missed=sum(worth and not alarm for alarm, worth in zip(alarmed, worth_it, strict=True)),
        fresh_gain=fresh,
    )


def paired_gain(history: History, first: Served, second: Served) -> Measured:
    """How much better one sequence of models is than another, in the mean over the windows; 95 %, clustered by day."""
    return mean_gain(
        [history.gain(one, other, window) for window, (one, other) in enumerate(zip(first, second, strict=True))]
    )


def mean_gain(windows: Sequence[Comparison]) -> Measured:
    """Windows are independent; where one is a single day, and has no error, they are the clusters themselves."""
    gains = np.array([one.gain for one in windows])
    errors = [one.error for one in windows]
    return _mean(gains, errors, sum(one.days - 1 for one in windows))


def days_below_floor(history: History, served: Served, floor: float) -> int:
    """Days on which the metric over the week that ends with them was on the wrong side of the floor.

    Days without a whole week behind them, and weeks of one class, are not told and do not count.
    """
    metric = history.spec.monitoring.metric
    days = pd.to_datetime(np.concatenate([window.day for window in history.windows]))
    label = np.concatenate([window.label for window in history.windows])
    score = np.concatenate([history.labelled_scores(fit, window) for window, fit in enumerate(served)])
    at = (days - days.min()).days.to_numpy()
    order = np.argsort(at, kind="stable")
    at, label, score = at[order], label[order], score[order]
    count = 0
    for day in np.unique(at[at >= FLOOR_DAYS - 1]):
        start, end = np.searchsorted(at, [day - FLOOR_DAYS + 1, day + 1])
        week = label[start:end], score[start:end]
        if history.spec.target.task == "classification" and len(np.unique(week[0])) < 2:
            continue
        value = value_of(metric, *week)
        count += value < floor if metric in HIGHER_IS_BETTER else value > floor
    return int(count)


def _mean_quality(history: History, served: Served) -> Measured:
    measured = [history.quality(fit, window) for window, fit in enumerate(served)]
    days = [len(np.unique(window.day)) for window in history.windows]
    errors = [
        None if one.low is None or one.high is None else (one.high - one.low) / 2 / _quantile(count - 1)
        for one, count in zip(measured, days, strict=True)
    ]
    return _mean(np.array([one.value for one in measured]), errors, sum(count - 1 for count in days))


def _mean(values: np.ndarray, errors: Sequence[float | None], freedom: int) -> Measured:
    known = [error for error in errors if error is not None]
    if len(known) == len(values):
        error = sqrt(sum(one**2 for one in known)) / len(values)
    else:
        error, freedom = float(np.std(values, ddof=1)) / sqrt(len(values)), len(values) - 1
    half, value = _quantile(freedom) * error, float(values.mean())
    return Measured(value, value - half, value + half)


def _quantile(freedom: int) -> float:
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))


def _trained_for(history: History, trained: Sequence[int]) -> list[tuple[float, float]]:
    """CPU and GPU seconds of each training, as the step `train` would have spent them.

    It also scores the older walk-forward windows, by models fitted before them, where no earlier training has.
    """
    by_time = {fit.as_of: number for number, fit in enumerate(history.fits)}
    months, windows = history.spec.training.evaluation_months, history.spec.training.walk_forward_windows
    scored, spent = {0}, []
    for number in trained:
        fit = history.fits[number]
        ends = [pd.Timestamp(fit.as_of) - pd.DateOffset(months=months * back) for back in range(1, windows)]
        older = {by_time[end.to_pydatetime()] for end in ends if end.to_pydatetime() in by_time} - scored
        costs = [history.fits[one].held_out_cost for one in sorted(older)]
        cpu, gpu = sum(one.cpu_s for one in costs), sum(one.gpu_s or 0.0 for one in costs)
        spent.append((fit.cpu_s + cpu, fit.gpu_s + gpu))
        scored |= {number, *older}
    return spent
