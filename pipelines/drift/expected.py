"""What scores let expect of the labels: their mean, and the metric that scores have which mean what they say.

A month of harder rows lowers the AUC of a model that is as right as ever, and an easier month hides what another has
lost. Scores foretell both: the mean label (prediction bias; calibration in the large, Cox 1958) and the metric itself
(model-based concordance, van Klaveren et al. 2016; for the Brier score, Spiegelhalter 1986). What the labels then miss
of it is the model's.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipelines.drift.predictions import is_probability
from pipelines.drift.series import Observation, Statistic
from pipelines.drift.windows import Scored
from pipelines.metrics import measure_mean, value_of
from pipelines.monitoring_spec import Monitoring
from pipelines.spec_words import HIGHER_IS_BETTER, Metric, Task

PROBABILITY_BIAS = 0.05
WEEK_DAYS, LEAST_WEEKS = 7, 4
# Of being taken for usual where the scores are right.
CHANCE = 0.01
SURE = 1e-7


def expected_auc(score: np.ndarray) -> float:
    """The AUC of labels that come as the probabilities say; (n,)."""
    positive = np.sort(score.astype("float64"))
    negative = 1 - positive
    pairs = positive.sum() * negative.sum() - (positive * negative).sum()
    return float((positive * (np.cumsum(negative) - negative)).sum() / pairs)


def expected_losses(metric: Metric, score: np.ndarray) -> np.ndarray:
    """Of a metric that is the mean of its rows' losses, what each row's loss is on average, (n,)."""
    if metric == "brier":
        return np.asarray(score * (1 - score))
    sure = np.clip(score, SURE, 1 - SURE)
    return np.asarray(-(sure * np.log(sure) + (1 - sure) * np.log(1 - sure)))


EXPECTED: Mapping[Metric, Callable[[np.ndarray], float]] = {
    "auc": expected_auc,
    "brier": lambda score: float(expected_losses("brier", score).mean()),
    "log_loss": lambda score: float(expected_losses("log_loss", score).mean()),
}


def observe_expected(policy: Monitoring, task: Task, usual: Scored, found: Scored) -> list[Observation]:
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


def has_shortfall(metric: Metric, score: np.ndarray) -> bool:
    return metric in EXPECTED and is_probability(score)


def bias_of(scored: Scored) -> float:
    return float((scored.label - scored.score).mean())


def shortfall_of(metric: Metric, scored: Scored) -> float:
    """More is worse, whichever way the metric points."""
    short = EXPECTED[metric](scored.score) - value_of(metric, scored.label, scored.score)
    return short if metric in HIGHER_IS_BETTER else -short


def usual_values(metric: Metric, scored: Scored) -> dict[Statistic, float]:
    """Of each series that there is; scored: the held-out rows of the champion's recipe."""
    found: dict[Statistic, float] = {"bias": usual_value(bias_of, scored)}
    if has_shortfall(metric, scored.score):
        found["shortfall"] = usual_value(partial(shortfall_of, metric), scored)
    return found


def usual_value(statistic: Callable[[Scored], float], scored: Scored) -> float:
    """What the statistic is where nothing is wrong: that of the held-out rows where it is beyond chance, else 0.

    By a jackknife over weeks (Tukey 1958): days that follow one another are not independent.
    """
    code, days = pd.factorize(scored.day, sort=True)
    week = code // WEEK_DAYS
    weeks = len(days) // WEEK_DAYS
    if weeks < LEAST_WEEKS:
        return 0.0
    without = np.array([statistic(_where(scored, week != one)) for one in range(weeks)])
    error = np.sqrt((weeks - 1) / weeks * ((without - without.mean()) ** 2).sum())
    value = statistic(scored)
    return value if abs(value) > stdtrit(weeks - 1, 1 - CHANCE / 2) * error else 0.0


def _bias(usual: float, found: Scored, worth: float | None) -> Observation:
    gap = measure_mean(found.label - found.score, found.day)
    value, half = gap.value - usual, None if gap.high is None else gap.high - gap.value
    low, high = (None, None) if half is None else (abs(value) - half, abs(value) + half)
    text = f"mean label {found.label.mean():.4f}, mean score {found.score.mean():.4f}{_as_usual(usual)}"
    return Observation("quality", "bias", "label", abs(value), worth, text, low, high)


def _shortfall(policy: Monitoring, usual: float, found: Scored) -> Observation:
    metric, short = policy.metric, shortfall_of(policy.metric, found)
    observed = value_of(metric, found.label, found.score)
    text = f"{metric} {observed:.4f}, {EXPECTED[metric](found.score):.4f} if the scores were right{_as_usual(usual)}"
    return Observation("quality", "shortfall", metric, short - usual, policy.warning_loss, text)


def _worth_of_bias(policy: Monitoring, task: Task) -> float | None:
    of_probability = PROBABILITY_BIAS if task == "classification" else None
    return of_probability if policy.prediction_bias is None else policy.prediction_bias


def _as_usual(known: float) -> str:
    return f", of which {known:.4f} is usual" if known else ""


def _where(scored: Scored, mask: np.ndarray) -> Scored:
    return Scored(scored.label[mask], scored.score[mask], scored.day[mask])
