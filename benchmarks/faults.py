"""How soon faults of known start are seen, whether their cause is named, and how often a clean year is cried over.

Faults are put into the joined flights of 2013 at the start and in the middle of several months, and scored by the
champion of that month's start. Ours is the monitor's own core with the shipped spec; beside it Evidently's data drift
preset with no option set: its rule that half of the columns drifted, and the rule that any column did. A fault is seen
when a monitor says more of a window than it says of the same window without the fault.

    python benchmarks/faults.py [--quick] [--json FILE] [--store URI] [--models FOLDER] [--picture FILE]
"""

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

# Two processes compute: threads that wait by spinning take the cores from one another.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

# Run by its path, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.evidently_defaults import DriftedColumns
from benchmarks.fault_trials import WINDOWS, Bench, Trial
from benchmarks.injected_faults import FAULTS
from benchmarks.monitored_year import Year
from benchmarks.walk_forward_scores import LAST_MONTH, prepare
from benchmarks.watched_windows import alarms_of
from embedded.year import FIRST_SCORED, month_start
from pipelines.drift.report import DriftReport
from pipelines.store import Store

MONITORS = {
    "ours": "Trainyard",
    "evidently": "Evidently, half of the columns",
    "evidently_any_column": "Evidently, any column",
}
# What is really wrong in the clean year: the package's weather ends on 30 December.
TRUE_ALARMS = {"2013-12": {"freshness/feature_age_h/weather"}}
BENCH: Bench
STARTS, QUICK_STARTS = (5, 8, 10), (5,)
CleanYear = tuple[list[DriftReport], list[DriftedColumns]]
MID_WINDOW = pd.Timedelta(days=15)
FALSE_ALARMS, NAMED, IN_TIME = 1, 0.8, 1.0


def starts_of(months: Sequence[int]) -> list[pd.Timestamp]:
    """The start of each month, and its middle."""
    first = [pd.Timestamp(month_start(month)) for month in months]
    return [start for one in first for start in (one, one + MID_WINDOW)]


def false_alarms(reports: Sequence[DriftReport], drifted: Sequence[DriftedColumns]) -> dict[str, float]:
    """Windows with an alarm, for a year of as many windows as these; by monitor."""
    cried = {
        "ours": [bool(set(alarms_of(report)) - TRUE_ALARMS.get(report.part, set())) for report in reports],
        "evidently": [one.drifted for one in drifted],
        "evidently_any_column": [one.columns > 0 for one in drifted],
    }
    return {name: round(LAST_MONTH * float(np.mean(alarms)), 1) for name, alarms in cried.items()}


def after_windows(trials: Sequence[Trial], monitor: str) -> int | None:
    """The most windows that it took, None when one trial was never seen."""
    seen = [trial.detected[monitor] for trial in trials]
    return None if None in seen else max(one for one in seen if one is not None)


def summed_up(trials: Sequence[Trial]) -> dict[str, Any]:
    """One fault over all its starts; the worst of them where it is one number."""
    days = [trial.days for trial in trials if trial.days is not None]
    named = [trial.is_named for trial in trials if trial.told]
    causes = Counter(trial.told.attribution.cause for trial in trials if trial.told)
    costs = [one for trial in trials for one in trial.costs]
    return {
        "detected_after_windows": after_windows(trials, "ours"),
        "detected": sum(trial.detected["ours"] is not None for trial in trials),
        "starts": len(trials),
        "mean_days_to_detect": round(float(np.mean(days)), 1) if days else None,
        "cause_named": bool(named) and float(np.mean(named)) >= NAMED,
        "cause_named_share": round(float(np.mean(named)), 2) if named else None,
        "cause": causes.most_common(1)[0][0] if causes else None,
        "auc_cost": round(max(one.auc for one in costs), 3),
        "prediction_shift": round(max(one.shift for one in costs), 3),
        "costly_starts": sum(trial.costly_after is not None for trial in trials),
        "costly_in_time": sum(trial.costly_after is not None and trial.in_time for trial in trials),
        "evidently_detected_after_windows": after_windows(trials, "evidently"),
        "evidently_detected": sum(trial.detected["evidently"] is not None for trial in trials),
        "evidently_any_column_detected_after_windows": after_windows(trials, "evidently_any_column"),
        "evidently_any_column_detected": sum(trial.detected["evidently_any_column"] is not None for trial in trials),
        "trials": [told(trial) for trial in trials],
    }


def told(trial: Trial) -> dict[str, Any]:
    return {
        "start": f"{trial.start:%F}",
        "detected_after_windows": trial.detected["ours"],
        "costly_after_windows": trial.costly_after,
        "evidently_detected_after_windows": trial.detected["evidently"],
        "cause_named": trial.is_named,
        "sentence": trial.told.attribution.sentence if trial.told else None,
        "reasons": trial.told.reasons if trial.told else [],
    }


def figures_of(trials: Sequence[Trial], clean: dict[str, CleanYear]) -> dict[str, Any]:
    """Figures with their limits, and each fault by its name."""
    costly = [trial for trial in trials if trial.costly_after is not None]
    named = [trial.is_named for trial in trials if trial.told]
    faults = {name: summed_up([one for one in trials if one.fault == name]) for name in FAULTS}
    to_name = [one for one in faults.values() if one["detected"] or one["costly_starts"]]
    cried = {who: false_alarms(*told) for who, told in clean.items()}
    monthly = cried["retrained_monthly"]
    return {
        "false_alarms_per_clean_year": figure(monthly["ours"], "windows", FALSE_ALARMS) | monthly,
        **{
            f"alarms_per_year_{who}": figure(cried[who]["ours"], "windows", None) | cried[who]
            for who in ("never_retrained", "labels_after_20_days")
        },
        "costly_in_time": in_time([one.in_time for one in costly]),
        "costly_in_time_from_window_start": in_time([one.in_time for one in costly if not one.mid]),
        "costly_in_time_from_mid_window": in_time([one.in_time for one in costly if one.mid]),
        "costly_by_end_of_mid_window": in_time([one.at_once for one in costly if one.mid]),
        "causes_named": figure(np.mean(named), "share of trials that were seen", NAMED),
        "faults_named": figure(
            np.mean([one["cause_named"] for one in to_name]), "share of faults that were seen or costly", NAMED
        ),
        "clean_alarms": {
            who: {report.part: report.reasons for report in told[0] if alarms_of(report)} for who, told in clean.items()
        },
        "faults": faults,
    }


def in_time(seen: Sequence[bool]) -> dict[str, Any]:
    return figure(np.mean(seen), "share of trials", IN_TIME)


def figure(value: Any, unit: str, limit: float | None) -> dict[str, Any]:
    value = round(float(value), 3)
    return {"value": value, "unit": unit, "limit": limit, "ratio": None if limit is None else round(value / limit, 2)}


def show(figures: dict[str, Any], console: Console) -> None:
    table = Table(
        title="* costs more than .01 of AUC or moves predictions by more than .05\n"
        f"windows: until it was seen, at worst, of {WINDOWS}; seen, half, any: at how many starts,\n"
        "by Trainyard and by Evidently (half of the columns, any column)",
        box=None,
        padding=(0, 1, 0, 0),
    )
    table.add_column("fault", no_wrap=True)
    for heading in ("AUC", "shift", "windows", "seen", "named", "cause", "half", "any"):
        table.add_column(heading, justify="left" if heading == "cause" else "right", no_wrap=True)
    for name, found in figures["faults"].items():
        share = found["cause_named_share"]
        table.add_row(
            ("* " if found["costly_starts"] else "  ") + name,
            f"{found['auc_cost']:.3f}",
            f"{found['prediction_shift']:.3f}",
            str(found["detected_after_windows"] or "-"),
            f"{found['detected']}/{found['starts']}",
            "-" if share is None else f"{share:.0%}",
            found["cause"] or "-",
            *(str(found[f"{monitor}_detected"]) for monitor in ("evidently", "evidently_any_column")),
        )
    console.print(table)
    for name, one in figures.items():
        if "value" in one:
            beside = ", ".join(f"{words} {one[who]:g}" for who, words in MONITORS.items() if who in one)
            limit = "" if one["limit"] is None else f", limit {one['limit']:g}"
            console.print(f"{name}: {one['value']:g} {one['unit']}{limit}" + (f" ({beside})" if beside else ""))


def draw(figures: dict[str, Any], path: Path) -> None:
    """Share of the starts at which each monitor saw each fault in time, and alarms in a clean year."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    colors = dict(zip(MONITORS, ("#2d6cdf", "#b3261e", "#e3a19c"), strict=True))
    faults, cried = figures["faults"], figures["false_alarms_per_clean_year"]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 6.4), dpi=150, layout="constrained", width_ratios=(5, 2))
    at = np.arange(len(faults))[::-1]
    for offset, (who, color) in enumerate(colors.items()):
        key = "detected" if who == "ours" else f"{who}_detected"
        shares = [found[key] / found["starts"] for found in faults.values()]
        left.barh(at + (1 - offset) * 0.26, shares, 0.24, color=color, label=MONITORS[who])
        right.bar(offset, cried[who], 0.6, color=color)
    left.set_yticks(at, [f"{name} *" if found["costly_starts"] else name for name, found in faults.items()], fontsize=9)
    left.set_title(
        f"share of starts seen within {WINDOWS} windows\n(* costs more than .01 of AUC or moves predictions by .05)"
    )
    right.axhline(FALSE_ALARMS, color="#1d2126", linewidth=0.9, linestyle="--")
    right.set_xticks(range(len(MONITORS)), [words.replace(", ", ",\n") for words in MONITORS.values()], fontsize=8)
    right.set_title("windows with an alarm\nin a clean year")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncol=3, frameon=False)
    figure.savefig(path)
    pyplot.close(figure)


def _work_on(store: Store, kept: Path, months: Sequence[int]) -> None:
    global BENCH
    BENCH = Bench.of(Year.of(store, kept), months, print)


def _trial(start: pd.Timestamp, name: str) -> Trial:
    return BENCH.trial(name, start)


def measure(store: Store, kept: Path, quick: bool, console: Console) -> dict[str, Any]:
    """kept: a folder of the champions, made there where they are not yet."""
    months, last = (QUICK_STARTS, max(QUICK_STARTS)) if quick else (STARTS, LAST_MONTH)
    in_force = range(FIRST_SCORED, last + 1)
    with console.status("") as status:
        bench = Bench.of(Year.of(store, kept), in_force, status.update)
        status.update("clean years")
        year, late = bench.year, bench.year.declaring(FAULTS["labels_late"])
        clean = {
            "retrained_monthly": bench.clean_year(year, retrained=True),
            "never_retrained": bench.clean_year(year, retrained=False),
            "labels_after_20_days": bench.clean_year(late, retrained=True),
        }
    planned = [(start, name) for start in starts_of(months) for name in FAULTS]
    # Spawned: OpenMP, which XGBoost scores with, does not survive a fork.
    workers = (os.cpu_count(), get_context("spawn"), _work_on, (store, kept, in_force))
    with ProcessPoolExecutor(*workers) as pool:
        done = pool.map(_trial, *zip(*planned, strict=True), chunksize=len(FAULTS) // 2)
        trials = list(track(done, description="faults", total=len(planned), console=console))
    return figures_of(trials, clean)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="faults of May alone, two clean windows: a trial")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--store", metavar="URI", help="a store with the demo's year, only read; made if left out")
    parser.add_argument("--models", type=Path, metavar="FOLDER", help="keep the champions there for the next run")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the result there (PNG)")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="trainyard-faults-") as folder:
        kept = options.models or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        with console.status("") as status:
            store = Store(options.store) if options.store else prepare(Path(folder), status.update)
        figures = measure(store, kept, options.quick, console)
    show(figures, console)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1))
    if options.picture:
        draw(figures, options.picture)


if __name__ == "__main__":
    main()
