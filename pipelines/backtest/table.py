"""The policies side by side, for a terminal of 80 columns."""

from rich.box import SIMPLE_HEAD
from rich.table import Table

from pipelines.backtest.comparison import Backtest
from pipelines.backtest.outcome import Outcome
from pipelines.metrics import Measured

LEFT = ("policy", "")


def table(backtest: Backtest) -> Table:
    spec, measures, recommendation = backtest.history.spec, backtest.measures, backtest.recommendation
    parts = [past.part for past in backtest.history.windows]
    shown = Table(
        title=f"{spec.name}: policies of retraining, {parts[0]} to {parts[-1]}",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=0,
    )
    floor = "" if measures.floor is None else "below"
    unit = "GPU s" if any(one.gpu_s for one in backtest.outcomes) else "CPU s"
    headings = ["policy", spec.monitoring.metric, "over never", "regret", "trained", unit]
    for heading in [*headings, *([floor] if floor else []), "false", "missed", ""]:
        shown.add_column(heading, justify="left" if heading in LEFT else "right", no_wrap=True)
    for one in backtest.outcomes:
        below = [str(one.days_below)] if floor else []
        shown.add_row(
            one.name,
            f"{one.quality.value:.4f}",
            "" if one.name == "never" else _with_interval(one.gain),
            f"{one.regret.value:.4f}",
            _trained(one),
            f"{one.cost_s:.0f}",
            *below,
            "" if one.false_alarms is None else str(one.false_alarms),
            str(one.missed),
            _mark(one, recommendation.policy, recommendation.front),
            style="bold" if one.name == recommendation.policy else "dim" if not one.run.policy.is_feasible else "",
        )
    shown.caption = _caption(backtest)
    return shown


def _caption(backtest: Backtest) -> str:
    measures = backtest.measures
    below = "" if measures.floor is None else f"below: days on the wrong side of {measures.floor:g} · "
    return (
        "over never: gain in the mean, 95 % paired and clustered by day · trained: retrainings, of them refused by "
        f"the gates in brackets · {below}false: alarms where a fresh model would not have been better by "
        f"{measures.margin:g} · missed: windows without an alarm where it would · \N{BLACK STAR} recommended, "
        "\N{BLACK CIRCLE} Pareto front"
    )


def _with_interval(gain: Measured) -> str:
    if gain.low is None or gain.high is None:
        return f"{gain.value:+.4f}"
    return f"{gain.value:+.4f} ±{(gain.high - gain.low) / 2:.4f}"


def _trained(one: Outcome) -> str:
    return f"{one.retrains} ({one.refused})" if one.refused else str(one.retrains)


def _mark(one: Outcome, recommended: str, front: list[str]) -> str:
    if one.name == recommended:
        return "\N{BLACK STAR}"
    return "\N{BLACK CIRCLE}" if one.name in front else ""
