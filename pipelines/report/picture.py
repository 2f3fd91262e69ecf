"""The picture of a year: quality of the retrained champion against the first model never retrained."""

from pathlib import Path
from typing import Any

RETRAINED, FROZEN, LATE = "#2d6cdf", "#b3261e", "#c9d2da"


def draw(model: str, months: list[dict[str, Any]], path: Path) -> None:
    """months: rows as `report.year.Month`; writes a PNG. Months without predictions show their late rate alone."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, late = pyplot.subplots(figsize=(11, 5.5), dpi=150, layout="constrained")
    names = [month["month"] for month in months]
    late.bar(names, [100 * (month["late_rate"] or 0) for month in months], color=LATE, width=0.7, label="late rate")
    late.set_ylabel("late arrivals, %")
    late.set_ylim(0, 100)
    quality = late.twinx()
    scored = [(at, month) for at, month in enumerate(months) if month["auc"] is not None]
    _lines(quality, scored)
    for at, month in enumerate(months):
        if month["promoted_version"]:
            quality.axvline(at + 0.5, color=RETRAINED, linewidth=0.8, linestyle=":")
            quality.text(
                at + 0.5,
                0.995,
                f"v{month['promoted_version']} in force ",
                rotation=90,
                va="top",
                ha="right",
                fontsize=8,
                color=RETRAINED,
                transform=quality.get_xaxis_transform(),
            )
    quality.set_ylabel("AUC on the month, scored before it was seen")
    quality.set_ylim(0.6, 0.85)
    late.tick_params(axis="x", rotation=45)
    handles = [*late.get_legend_handles_labels()[0], *quality.get_legend_handles_labels()[0]]
    figure.legend(handles=handles, loc="outside lower center", ncol=3, frameon=False)
    late.set_title(f"{model}: retrained every month, or never")
    for axes in (late, quality):
        axes.spines["top"].set_visible(False)
    figure.savefig(path)
    pyplot.close(figure)


def _lines(axes: Any, scored: list[tuple[int, dict[str, Any]]]) -> None:
    at = [position for position, _ in scored]
    auc = [month["auc"] for _, month in scored]
    below = [month["auc"] - month["auc_low"] for _, month in scored]
    above = [month["auc_high"] - month["auc"] for _, month in scored]
    axes.errorbar(
        at,
        auc,
        yerr=[below, above],
        color=RETRAINED,
        marker="o",
        capsize=3,
        linewidth=2,
        label="retrained champion, 95 % interval clustered by day",
    )
    axes.plot(
        at,
        [month["auc_never_retrained"] for _, month in scored],
        color=FROZEN,
        marker="s",
        linewidth=2,
        linestyle="--",
        label="first champion, never retrained",
    )
