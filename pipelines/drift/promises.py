"""What labels have not kept of what the scores promised: their mean, and the metric that right scores would have.

A month of harder rows lowers the AUC of a model that is as right as ever, and an easier month hides what another has
lost. Scores foretell both: how many positives come (prediction bias; calibration in the large, Cox 1958), and the
metric itself (confidence-based performance estimation). What the labels then miss of it is the model's.
"""

import numpy as np
from scipy.special import stdtrit

from pipelines.drift.expected import has_shortfall, shortfall_of
from pipelines.drift.null_scores import promises_of_days
from pipelines.drift.series import Observation, Statistic
from pipelines.drift.windows import Scored
from pipelines.metrics import measure_mean
from pipelines.monitoring_spec import Monitoring
from pipelines.spec_words import Metric, Task

PROBABILITY_BIAS = 0.05
WEEK_DAYS, LEAST_WEEKS = 7, 4
# Of being taken for usual where the scores are right.
CHANCE = 0.01


def observe_promises(policy: Monitoring, task: Task, usual: Scored, found: Scored) -> list[Observation]:
    """The bias and, of probabilities, the shortfall of the declared metric, each beyond what is usual.

    usual: the held-out rows of the champion's recipe; found: the window's labelled ones, of both classes.
    """
    known = usual_values(policy.metric, usual)
    observed = [_bias(known["bias"], found, _worth_of_bias(policy, task))]
    if "shortfall" in known:
        observed.append(_shortfall(policy, known["shortfall"], found))
    return observed


def untold(policy: Monitoring, task: Task, usual: Scored, why: str) -> list[Observation]:
    """The same series where nothing can be told of the window."""
    series = [Observation("quality", "bias", "label", None, _worth_of_bias(policy, task), why)]
    if has_shortfall(policy.metric, usual.score):
        series.append(Observation("quality", "shortfall", policy.metric, None, policy.warning_loss, why))
    return series


def usual_values(metric: Metric, scored: Scored) -> dict[Statistic, float]:
    """Of each series what it is where nothing is wrong: that of the held-out rows where it is beyond chance, else 0.

    scored: of the champion's recipe. By a jackknife over weeks (Tukey 1958), for days that follow one another are not
    independent.
    """
    days = len(np.unique(scored.day))
    week = np.minimum(np.arange(days) // WEEK_DAYS, max(1, days // WEEK_DAYS) - 1)
    weeks = int(week.max()) + 1
    without = (week != np.arange(weeks)[:, None]).astype("float64")
    found = promises_of_days(scored, metric, np.vstack([np.ones(days), without]))
    return {statistic: _beyond_chance(values[0], values[1:]) for statistic, values in found.items()}


def _beyond_chance(value: float, without: np.ndarray) -> float:
    """The value, or 0 where it may as well be that. without: the same without each of the weeks."""
    weeks = len(without)
    if weeks < LEAST_WEEKS:
        return 0.0
    error = np.sqrt((weeks - 1) / weeks * ((without - without.mean()) ** 2).sum())
    return float(value) if abs(value) > stdtrit(weeks - 1, 1 - CHANCE / 2) * error else 0.0


def _bias(usual: float, found: Scored, worth: float | None) -> Observation:
    gap = measure_mean(found.label - found.score, found.day)
    value, half = gap.value - usual, None if gap.high is None else gap.high - gap.value
    low, high = (None, None) if half is None else (abs(value) - half, abs(value) + half)
    text = f"mean label {found.label.mean():.4f}, mean score {found.score.mean():.4f}{_as_usual(usual)}"
    return Observation("quality", "bias", "label", abs(value), worth, text, low, high)


def _shortfall(policy: Monitoring, usual: float, found: Scored) -> Observation:
    metric, short = policy.metric, shortfall_of(policy.metric, found)
    text = f"{metric} {short.observed:.4f}, {short.expected:.4f} if the scores were right{_as_usual(usual)}"
    return Observation("quality", "shortfall", metric, short.value - usual, policy.warning_loss, text)


def _worth_of_bias(policy: Monitoring, task: Task) -> float | None:
    of_probability = PROBABILITY_BIAS if task == "classification" else None
    return of_probability if policy.prediction_bias is None else policy.prediction_bias


def _as_usual(known: float) -> str:
    return f", of which {known:.4f} is usual" if known else ""
