"""The picture of a backtest: what quality costs, what each policy had over time, and what it did when."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import IO, Any

from pipelines.backtest.comparison import Backtest
from pipelines.backtest.outcome import Outcome
from pipelines.backtest.watching import Served

CHOSEN, HINDSIGHT, INK, FAINT = "#1f5fbf", "#c77700", "#1b1f24", "#d9dee2"
TRUE, FALSE = "#2b8a3e", "#b3261e"
MARK: dict[str, Any] = {"ls": "", "markersize": 8, "zorder": 4}
MARKS: dict[str, dict[str, Any]] = {
    "trained": MARK | {"marker": "o", "color": INK},
    "refused by the gates": MARK | {"marker": "X", "color": FALSE},
    "true alarm": MARK | {"marker": "^", "color": TRUE},
    "false alarm": MARK | {"marker": "^", "color": FALSE, "markerfacecolor": "white"},
    "missed drift": MARK | {"marker": "_", "color": FALSE, "markeredgewidth": 2},
}
# Around a point: offset in points, and where the text begins.
PLACES = (
    ((11, -4), "left", "top"),
    ((11, 4), "left", "bottom"),
    ((0, 12), "center", "bottom"),
    ((0, 40), "center", "bottom"),
    ((-11, 4), "right", "bottom"),
    ((-11, -4), "right", "top"),
)
REASON_WIDTH = 170
POINT_PIXELS = 8
# Lines of other policies, in the order in which they first appear.
OTHERS = ("#7a5195", "#2a9d8f", "#8d6e63", "#ef8354", "#5c6b73")


@dataclass(frozen=True)
class Alike:
    """Policies that did the same, drawn once."""

    outcomes: list[Outcome]
    colour: str
    chosen: bool
    on_front: bool

    @property
    def first(self) -> Outcome:
        return self.outcomes[0]

    @property
    def served(self) -> Served:
        return self.first.run.served


def draw(backtest: Backtest, to: Path | IO[bytes]) -> None:
    """A PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    groups = _alike(backtest)
    settings: Any = {
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
    }
    with pyplot.rc_context(settings):
        figure = pyplot.figure(figsize=(13.5, 8), dpi=150, layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=[1, 1.25], height_ratios=[1.45, 1])
        cost = figure.add_subplot(grid[:, 0])
        time = figure.add_subplot(grid[0, 1])
        deeds = figure.add_subplot(grid[1, 1], sharex=time)
        _draw_cost(cost, backtest, groups)
        _draw_time(time, backtest, groups)
        _draw_deeds(deeds, backtest, groups)
        parts = [past.part for past in backtest.history.windows]
        title = f"{backtest.history.spec.name}, {parts[0]} to {parts[-1]}: when to retrain? "
        title += f"Recommended: {backtest.recommendation.policy}"
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=14)
        figure.supxlabel(fill(backtest.recommendation.reason, REASON_WIDTH), x=0.01, ha="left", fontsize=10)
        figure.draw_without_rendering()
        _name_points(cost, groups)
        figure.savefig(to, format="png")
        pyplot.close(figure)


def _alike(backtest: Backtest) -> list[Alike]:
    found: dict[Any, list[Outcome]] = {}
    for one in backtest.outcomes:
        found.setdefault((one.run.served, one.cost_s, one.run.policy.is_feasible), []).append(one)
    recommendation, others = backtest.recommendation, iter(OTHERS * len(found))
    groups = []
    for outcomes in found.values():
        names = {one.name for one in outcomes}
        chosen = recommendation.policy in names
        feasible = outcomes[0].run.policy.is_feasible
        colour = CHOSEN if chosen else HINDSIGHT if not feasible else INK if "never" in names else next(others)
        groups.append(Alike(outcomes, colour, chosen, bool(names & set(recommendation.front))))
    return groups


def _draw_cost(axes: Any, backtest: Backtest, groups: Sequence[Alike]) -> None:
    """Gain over never retraining against what it cost; the front as steps, because nothing lies between."""
    spec = backtest.history.spec
    unit = "GPU" if any(one.gpu_s for one in backtest.outcomes) else "CPU"
    width = max(group.first.cost_s for group in groups) * 1.25 or 1.0
    front = sorted((group.first.cost_s, group.first.gain.value) for group in groups if group.on_front)
    across, up = zip(*front, (width, front[-1][1]), strict=True)
    axes.step(across, up, where="post", color=FAINT, lw=7, zorder=1, solid_capstyle="round", label="Pareto front")
    for group in groups:
        one = group.first
        low, high = one.gain.low or 0.0, one.gain.high or 0.0
        axes.errorbar(
            one.cost_s,
            one.gain.value,
            yerr=[[one.gain.value - low], [high - one.gain.value]],
            color=group.colour,
            marker="*" if group.chosen else "o",
            markersize=17 if group.chosen else 9,
            capsize=3,
            lw=1.2,
            zorder=3,
            markerfacecolor=group.colour if one.run.policy.is_feasible else "white",
            markeredgewidth=1.5,
        )
    axes.axhline(0, color=FAINT, lw=1, zorder=0)
    axes.set_xlim(-0.06 * width, width * 1.08)
    axes.margins(y=0.12)
    axes.set_xlabel(f"{unit} seconds of training")
    axes.set_ylabel(f"gain in mean {spec.monitoring.metric} over never retraining, 95 % paired, clustered by day")
    axes.set_title("What quality costs")
    axes.legend(loc="lower right", frameon=False)


def _name_points(axes: Any, groups: Sequence[Alike]) -> None:
    """Beside each point, where the text covers neither another one nor a point's interval; needs final positions."""
    from matplotlib.transforms import Bbox

    taken = []
    for one in (group.first for group in groups):
        ends = axes.transData.transform([(one.cost_s, one.gain.low or 0.0), (one.cost_s, one.gain.high or 0.0)])
        taken.append(Bbox(ends).padded(POINT_PIXELS))
    for group in groups:
        one = group.first
        trained = "no retraining" if not one.retrains else f"{one.retrains} retraining{'s' * (one.retrains > 1)}"
        refused = f", {one.refused} refused" if one.refused else ""
        for offset, across, up in PLACES:
            text = axes.annotate(
                f"{chr(10).join(_wrapped(group))}\n{trained}{refused}",
                (one.cost_s, one.gain.value),
                xytext=offset,
                textcoords="offset points",
                ha=across,
                va=up,
                fontsize=9,
                color=group.colour,
                fontweight="bold" if group.chosen else "normal",
            )
            text.set_in_layout(False)
            box = text.get_window_extent()
            free = not any(box.overlaps(other) for other in taken) and axes.bbox.containsx(box.x0)
            if free or (offset, across, up) == PLACES[-1]:
                break
            text.remove()
        taken.append(box)


def _draw_time(axes: Any, backtest: Backtest, groups: Sequence[Alike]) -> None:
    """The metric in each window; the interval of the recommended policy, which the others' are as wide as."""
    spec, floor = backtest.history.spec, backtest.measures.floor
    at = range(len(backtest.history.windows))
    lines = {group.served: group for group in reversed(groups)}
    for group in sorted(lines.values(), key=lambda group: group.chosen):
        windows = group.first.windows
        hindsight = not group.first.run.policy.is_feasible
        axes.plot(
            at,
            [one.value for one in windows],
            color=group.colour,
            lw=2.6 if group.chosen else 1.5,
            ls=":" if hindsight else "-",
            marker="o",
            markersize=5 if group.chosen else 3.5,
            label=" = ".join(one.name for other in groups if other.served == group.served for one in other.outcomes),
        )
        if group.chosen and all(one.low is not None for one in windows):
            low, high = ([getattr(one, end) for one in windows] for end in ("low", "high"))
            axes.fill_between(at, low, high, color=group.colour, alpha=0.1, lw=0, label=f"95 % of {group.first.name}")
    if floor is not None:
        axes.axhline(floor, color=FALSE, lw=1, ls="--", label=f"floor {floor:g}")
    axes.set_ylabel(spec.monitoring.metric)
    axes.set_title("Quality over time, each window by the model that served it")
    axes.tick_params(labelbottom=False)
    axes.legend(frameon=False, fontsize=9, ncols=2, loc="best")


def _draw_deeds(axes: Any, backtest: Backtest, groups: Sequence[Alike]) -> None:
    """A row a policy: how old the model was that served, what the monitor said, and what was trained."""
    from matplotlib import colormaps

    count = len(backtest.history.windows)
    ages, margin = colormaps["Blues"], backtest.measures.margin
    for row, group in enumerate(groups):
        for window, turn in enumerate(group.first.run.turns):
            age = window - turn.served
            axes.barh(row, 1, 0.62, left=window - 0.5, color=ages(0.08 + 0.5 * age / max(1, count - 1)), lw=0)
            worth, alarm = group.first.fresh_gain[window] > margin, turn.alarmed
            kind = "true alarm" if alarm and worth else "false alarm" if alarm else "missed drift" if worth else ""
            if kind:
                axes.plot(window, row, **MARKS[kind])
            if turn.admitted is not None:
                axes.plot(window + 0.5, row, **MARKS["trained" if turn.admitted else "refused by the gates"])
    axes.set_yticks(range(len(groups)), ["\n".join(_wrapped(group)) for group in groups], fontsize=9)
    for label, group in zip(axes.get_yticklabels(), groups, strict=True):
        label.set_color(group.colour)
        label.set_fontweight("bold" if group.chosen else "normal")
    axes.invert_yaxis()
    axes.set_xticks(range(count), [past.part for past in backtest.history.windows], rotation=35, ha="right")
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title("What each policy did; darker: an older model served")
    handles = [axes.plot([], [], label=kind, **mark)[0] for kind, mark in MARKS.items()]
    axes.legend(handles=handles, frameon=False, fontsize=9, ncols=5, loc="upper center", bbox_to_anchor=(0.45, -0.25))


def _wrapped(group: Alike) -> list[str]:
    """Two names a line."""
    names = [one.name for one in group.outcomes]
    return [" = ".join(names[at : at + 2]) for at in range(0, len(names), 2)]
