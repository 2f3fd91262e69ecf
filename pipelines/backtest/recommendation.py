"""Which policy to take, and why: on the Pareto front, the cheapest that is not worse than the best by a margin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.backtest.outcome import Outcome
from pipelines.backtest.watching import Served
from pipelines.metrics import Measured
from pipelines.spec_words import HIGHER_IS_BETTER, Metric

Compare = Callable[[Served, Served], Measured]


@dataclass(frozen=True)
class Recommendation:
    """behind: what it loses to the best one, paired; 0 for that one itself. like: the policies that these windows do
    not tell apart from it, the interval of the difference holds 0."""

    policy: str
    best: str
    behind: Measured
    front: list[str]
    like: list[str]
    reason: str


def pareto_front(outcomes: Sequence[Outcome], metric: Metric) -> list[Outcome]:
    """Those that none other matches at less cost, or beats at the same; the cheapest first, twins all."""
    sign = 1 if metric in HIGHER_IS_BETTER else -1

    def beaten(one: Outcome) -> bool:
        return any(
            other.cost_s <= one.cost_s
            and sign * other.quality.value >= sign * one.quality.value
            and (other.cost_s, other.quality.value) != (one.cost_s, one.quality.value)
            for other in outcomes
        )

    return sorted((one for one in outcomes if not beaten(one)), key=lambda one: one.cost_s)


def recommend(outcomes: Sequence[Outcome], metric: Metric, margin: float, gain: Compare) -> Recommendation:
    """outcomes: of policies that can be followed. gain: paired, of one sequence of models over another."""
    sign = 1 if metric in HIGHER_IS_BETTER else -1
    best = max(outcomes, key=lambda one: (sign * one.quality.value, -one.cost_s))
    front = pareto_front(outcomes, metric)
    behind = {one.name: gain(best.run.served, one.run.served) for one in front}
    within = [one for one in front if _high(behind[one.name]) < margin]
    chosen = within[0] if within else best
    others = [one for one in outcomes if one.run.served != chosen.run.served]
    like = [one.name for one in others if _holds_zero(gain(one.run.served, chosen.run.served))]
    return Recommendation(
        policy=chosen.name,
        best=best.name,
        behind=behind[chosen.name],
        front=[one.name for one in front],
        like=like,
        reason=_reason(chosen, best, front, behind, like, metric, margin),
    )


def _reason(
    chosen: Outcome,
    best: Outcome,
    front: Sequence[Outcome],
    behind: Mapping[str, Measured],
    like: Sequence[str],
    metric: Metric,
    margin: float,
) -> str:
    words = f"{chosen.name}: mean {metric} {chosen.quality.value:.4f} for {_cost(chosen)}"
    if chosen.run.served == best.run.served:
        words += ", the best of all"
    else:
        words += f"; {best.name}, the best, has {best.quality.value:.4f} for {_cost(best)}, "
        words += f"{_loss(behind[chosen.name])} more, which is less than the margin of {margin:g}"
    cheaper = [one for one in front if one.cost_s < chosen.cost_s]
    if cheaper:
        next_to_it = next(one for one in cheaper if one.cost_s == cheaper[-1].cost_s)
        words += f". Cheaper is {_rejected(next_to_it, best, behind, margin)}"
    if like:
        words += f". Not told apart from it by {len(chosen.windows)} windows: {', '.join(like)}"
    return words


def _rejected(one: Outcome, best: Outcome, behind: Mapping[str, Measured], margin: float) -> str:
    lost = behind[one.name]
    beyond = f"more than the margin of {margin:g}"
    why = beyond if _low(lost) > margin else f"which may be {beyond}: these windows cannot tell"
    return f"{one.name} ({_cost(one)}), which loses {_loss(lost)} to {best.name}, {why}"


def _cost(one: Outcome) -> str:
    unit = "GPU s" if one.gpu_s else "CPU s"
    trainings = f"{one.retrains} retraining{'' if one.retrains == 1 else 's'}"
    return f"{trainings}, {one.cost_s:.0f} {unit}" if one.retrains else "nothing"


def _loss(lost: Measured) -> str:
    return f"{lost.value:.4f} [{_low(lost):.4f}, {_high(lost):.4f}]"


def _low(measured: Measured) -> float:
    return measured.value if measured.low is None else measured.low


def _high(measured: Measured) -> float:
    return measured.value if measured.high is None else measured.high


def _holds_zero(measured: Measured) -> bool:
    return _low(measured) <= 0 <= _high(measured)
