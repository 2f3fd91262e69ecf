"""What a fresh model gains over a stale one, by the gaps that past evaluations measured.

Each evaluation has a candidate's and the champion's metric on the same rows. The candidate was fitted on all rows
before them and the champion on those until its own training, so their gap is what the days between are worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from scipy.special import stdtrit

from pipelines.champions import promotions
from pipelines.drift.policy import ExpectedGain
from pipelines.gates.attempts import EVALUATION
from pipelines.gates.evaluation import Evaluation
from pipelines.gates.evaluations import read_evaluation
from pipelines.interval import parse_time
from pipelines.journal import Event, select
from pipelines.metrics import CONFIDENCE
from pipelines.spec import ModelSpec
from pipelines.spec_words import HIGHER_IS_BETTER, Metric
from pipelines.store import Store

# Weight of the belief that nothing is gained: as if one more gap of none had been seen at this age.
BELIEF_DAYS = 30.0
LEAST_FOR_AN_INTERVAL = 3
NEWEST_EVALUATIONS = 50


@dataclass(frozen=True)
class Gap:
    """age_days: how much older than the fresh model's the champion's newest training row was. gain: of the fresh
    one, in the metric's unit, more is better."""

    age_days: float
    gain: float


def expected_gain(gaps: Sequence[Gap], age_days: float) -> ExpectedGain | None:
    """Of a retraining at that age: a line through no gain at no age, shrunken to none (ridge regression).

    Beyond the oldest gap seen it is read at that one's age. The interval is by the residuals. None without a gap
    at an age above 0.
    """
    seen = [gap for gap in gaps if gap.age_days > 0]
    if not seen:
        return None
    at = min(max(age_days, 0.0), max(gap.age_days for gap in seen))
    weight = sum(gap.age_days**2 for gap in seen) + BELIEF_DAYS**2
    slope = sum(gap.age_days * gap.gain for gap in seen) / weight
    estimate, freedom = slope * at, len(seen) - 1
    if len(seen) < LEAST_FOR_AN_INTERVAL:
        return ExpectedGain(estimate=estimate, observations=len(seen))
    variance = sum((gap.gain - slope * gap.age_days) ** 2 for gap in seen) / freedom
    half = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * sqrt(variance / weight) * at
    return ExpectedGain(estimate=estimate, observations=len(seen), low=estimate - half, high=estimate + half)


def past_gaps(store: Store, spec: ModelSpec, said: Sequence[Event], as_of: datetime) -> list[Gap]:
    """Of the newest evaluations known before the time, oldest first; at most one a version."""
    trained_until = {one.champion.version: one.champion.trained_until for one in promotions(said, spec.name)}
    known = [event for event in select(said, EVALUATION, spec.name) if event.at < as_of]
    versions = list(dict.fromkeys(event.content["version"] for event in known))[-NEWEST_EVALUATIONS:]
    read = (read_evaluation(store, spec.name, version) for version in versions)
    found = (_gap(judged, spec.monitoring.metric, trained_until) for judged in read if judged is not None)
    return [gap for gap in found if gap is not None]


def _gap(judged: Evaluation, metric: Metric, trained_until: dict[int, datetime]) -> Gap | None:
    """None without a champion that scored all of the rows: other rows are another month."""
    champion, until = judged.metrics.get("champion"), trained_until.get(judged.champion_version or 0)
    if champion is None or until is None or judged.champion_rows != judged.rows:
        return None
    gain = judged.metrics["candidate"][metric].value - champion[metric].value
    older = parse_time(judged.window[0]) - until
    return Gap(older / timedelta(days=1), gain if metric in HIGHER_IS_BETTER else -gain)
