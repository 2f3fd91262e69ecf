"""What `gpu.py` measured: medians by stage, a table, a picture, and figures as JSON."""

from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

STAGES = ("load", "quantize", "train", "evaluate", "bootstrap")
# GBM-perf's best training of 10 million rows (an H100), and how much longer the whole step may be.
TARGET_ROWS, TRAINING_S, STEP_TO_TRAINING = 10_000_000, 3.6, 3.0


@dataclass
class Run:
    """seconds: by stage; answer: every figure of the evaluation; model: SHA-256 of the model's bytes."""

    seconds: dict[str, float] = field(default_factory=dict)
    answer: dict[str, float | None] = field(default_factory=dict)
    model: str = ""
    peak_mib: float | None = None

    @property
    def step_s(self) -> float:
        return sum(self.seconds.values())


@dataclass(frozen=True)
class Column:
    """One device at one size, over its repeats: medians, and whether each repeat gave the same bits."""

    seconds: dict[str, float]
    step_s: float
    peak_mib: float | None
    auc: float
    same_model: bool
    same_answer: bool

    @classmethod
    def of(cls, runs: list[Run]) -> "Column":
        peaks = [run.peak_mib for run in runs if run.peak_mib is not None]
        return cls(
            {stage: median(run.seconds[stage] for run in runs) for stage in STAGES},
            median(run.step_s for run in runs),
            max(peaks, default=None),
            float(runs[0].answer["auc"] or 0.0),
            len({run.model for run in runs}) == 1,
            all(run.answer == runs[0].answer for run in runs),
        )


def show(found: dict[int, dict[str, Column]], without_gpu: str | None) -> None:
    heading = " ".join(f"{stage:>9}" for stage in (*STAGES, "step"))
    print(f"\n{'rows':>12} {'device':>6} {heading} {'to train':>9} {'peak MiB':>9} {'AUC':>7} same bits")
    for rows, columns in found.items():
        for device, one in columns.items():
            seconds = " ".join(f"{value:9.2f}" for value in (*one.seconds.values(), one.step_s))
            peak = "" if one.peak_mib is None else f"{one.peak_mib:.0f}"
            same = f"model {_word(one.same_model)}, figures {_word(one.same_answer)}"
            print(f"{rows:12,} {device:>6} {seconds} {_to_training(one):9.2f} {peak:>9} {one.auc:7.4f} {same}")
        if {"cpu", "cuda"} <= columns.keys():
            ratios = [columns["cpu"].seconds[stage] / columns["cuda"].seconds[stage] for stage in STAGES]
            ratios.append(columns["cpu"].step_s / columns["cuda"].step_s)
            print(f"{'':12} {'ratio':>6} " + " ".join(f"{ratio:8.1f}x" for ratio in ratios))
    if without_gpu:
        print(f"\nThe GPU column was not measured. {without_gpu}")


def _to_training(one: Column) -> float:
    return one.step_s / one.seconds["train"]


def _word(truth: bool) -> str:
    return "yes" if truth else "no"


def figures_of(found: dict[int, dict[str, Column]]) -> dict[str, dict[str, Any]]:
    """Each device's whole step against its training, the GPU's stages against the CPU's, and the two targets."""
    figures: dict[str, dict[str, Any]] = {}
    for rows, columns in found.items():
        for device, one in columns.items():
            bits = {"same_model": one.same_model, "same_figures": one.same_answer, "auc": one.auc}
            told = {**bits, "peak_mib": one.peak_mib, "seconds": one.seconds}
            figures[f"step_{rows}_{device}"] = _figure(one.step_s, one.seconds["train"]) | told
        if {"cpu", "cuda"} <= columns.keys():
            for stage in STAGES:
                cpu, cuda = (columns[device].seconds[stage] for device in ("cpu", "cuda"))
                figures[f"{stage}_{rows}_cuda_to_cpu"] = _figure(cuda, cpu)
    gpu = found.get(TARGET_ROWS, {}).get("cuda")
    if gpu is not None:
        figures["target_training"] = _figure(gpu.seconds["train"], TRAINING_S)
        figures["target_step"] = _figure(gpu.step_s, STEP_TO_TRAINING * gpu.seconds["train"])
    return figures


def _figure(value: float, limit: float) -> dict[str, Any]:
    return {"value": round(value, 4), "unit": "s", "limit": round(limit, 4), "ratio": round(value / limit, 4)}


def draw(found: dict[int, dict[str, Column]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5), dpi=150, layout="constrained")
    colors = dict(zip(STAGES, ("#7a7f85", "#8fb3f0", "#2d6cdf", "#b3261e", "#e0a030"), strict=True))
    for device, style in (("cpu", "--"), ("cuda", "-")):
        sizes = [rows for rows, columns in found.items() if device in columns]
        for stage, color in colors.items():
            seconds = [found[rows][device].seconds[stage] for rows in sizes]
            if sizes:
                axes.plot(sizes, seconds, style, marker="o", color=color, label=f"{stage}, {device}")
    axes.set(xscale="log", yscale="log", xlabel="rows", ylabel="seconds")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncol=5, frameon=False, fontsize=8)
    figure.savefig(path)
    pyplot.close(figure)
