"""One training and its evaluation on a GPU and on the CPU beside it, from 100 thousand flights to 100 million.

The flights of 2013 are widened with fresh noise (`flight_rows.py`) and fitted as in GBM-perf: 100 trees of depth
10, eta 0.1, histograms. A tenth as many rows are held out: scored by the whole model and by its first half, measured
and compared by the pipeline's own metrics, and both models' log loss and Brier score are resampled by days. CPU
and GPU take turns; each repeat begins with the Parquet file. Needs numpy, pandas, pyarrow, scipy, xgboost and
pydantic, for the GPU cupy, for --picture matplotlib.

    python benchmarks/gpu.py [--quick] [--rows N …] [--device cpu|cuda|both] [--json FILE] [--picture FILE]
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

# Read once, when OpenMP starts: threads that spin while they wait take the cores of whoever else is there.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import pandas as pd

# Run by its path, Python looks for modules beside this file only.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.flight_rows import Rows, feature_types, load, read_sample, widen
from benchmarks.gpu_figures import TARGET_ROWS, Column, Run, draw, figures_of, show
from pipelines.array import Device, GpuMissing, get_xp, to_numpy
from pipelines.gates.comparison import compare, resampled, resamples
from pipelines.metrics import day_codes, measure_all

ROWS = (100_000, 1_000_000, 10_000_000, 100_000_000)
PARAMETERS = {"objective": "binary:logistic", "tree_method": "hist", "max_depth": 10, "eta": 0.1, "seed": 2013}
ROUNDS, REPLICATES = 100, 2000
RESAMPLED = ("log_loss", "brier")
SAMPLED_EVERY_S = 0.005


def one_run(paths: dict[str, Path], device: Device) -> Run:
    """Parquet to evaluated model, on one device."""
    import xgboost

    xp, run = get_xp(device), Run()
    parameters = {**PARAMETERS, "device": device, "nthread": os.cpu_count()}
    with peak_memory(xp, run):
        fit, held_out = _timed(run, "load", xp, lambda: (load(paths["fit"], xp), load(paths["held_out"], xp)))
        data = _timed(run, "quantize", xp, lambda: _quantized(fit))
        booster = _timed(run, "train", xp, lambda: xgboost.train(parameters, data, ROUNDS))
        scores, run.answer = _timed(run, "evaluate", xp, lambda: _evaluated(booster, held_out, xp))
        run.answer |= _timed(run, "bootstrap", xp, lambda: _resampled_errors(held_out, scores))
    used = json.loads(booster.save_config())["learner"]["generic_param"]["device"]
    if not used.startswith(device):
        raise SystemExit(f"XGBoost was asked for {device} and trained on {used}: nothing measured here would be true")
    run.model = hashlib.sha256(booster.save_raw("ubj")).hexdigest()
    return run


def _timed(run: Run, stage: str, xp: Any, work: Callable[[], Any]) -> Any:
    started = time.perf_counter()
    made = work()
    if xp is not np:
        # What runs on a GPU is only begun when a call returns.
        xp.cuda.Device().synchronize()
    run.seconds[stage] = time.perf_counter() - started
    return made


def _quantized(rows: Rows) -> Any:
    import xgboost

    types = {"feature_types": feature_types(), "enable_categorical": True}
    return xgboost.QuantileDMatrix(rows.matrix, label=rows.label, nthread=os.cpu_count(), **types)


def _evaluated(booster: Any, rows: Rows, xp: Any) -> tuple[list[Any], dict[str, float | None]]:
    """The scores of the whole model and of its first half, and what the pipeline says of them."""
    scores = [
        xp.astype(xp.asarray(booster.inplace_predict(rows.matrix, iteration_range=(0, rounds))), xp.float64)
        for rounds in (ROUNDS, ROUNDS // 2)
    ]
    answer: dict[str, float | None] = {}
    for name, one in measure_all("classification", rows.label, scores[0], rows.day).items():
        answer |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    compared = compare("auc", rows.label, *scores, rows.day)
    return scores, answer | {"auc_gain": compared.gain, "auc_gain_error": compared.error}


def _resampled_errors(rows: Rows, scores: list[Any]) -> dict[str, float | None]:
    codes, days = day_codes(rows.day, rows.label)
    times, found = resamples(days, REPLICATES), {}
    for metric in RESAMPLED:
        first, second = (to_numpy(resampled(metric, rows.label, score, codes, times)) for score in scores)
        found[f"{metric}_gain_error"] = float(np.std(first - second, ddof=1))
    return found


@contextmanager
def peak_memory(xp: Any, run: Run) -> Iterator[None]:
    """The most of the GPU's memory that was taken at any time, above what was taken before; XGBoost's included."""
    if xp is np:
        yield
        return
    xp.get_default_memory_pool().free_all_blocks()
    ended, before, most = Event(), xp.cuda.runtime.memGetInfo()[0], [0]

    def watch() -> None:
        while not ended.wait(SAMPLED_EVERY_S):
            most[0] = max(most[0], before - xp.cuda.runtime.memGetInfo()[0])

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        run.peak_mib = most[0] / 2**20


def measure(
    sample: pd.DataFrame, sizes: list[int], devices: list[Device], repeats: int, cpu_at_most: int, folder: Path
) -> dict[int, dict[str, Column]]:
    """By rows, by device; devices take turns. The CPU is left out of sizes above what it is asked for."""
    for device in devices:
        # The first run on a device compiles its kernels.
        one_run(widen(sample, ROWS[0], folder), device)
    found: dict[int, dict[str, Column]] = {}
    for rows in sizes:
        paths = widen(sample, rows, folder)
        asked = [device for device in devices if device == "cuda" or rows <= cpu_at_most]
        runs: dict[str, list[Run]] = {device: [] for device in asked}
        for repeat in range(repeats):
            for device in asked:
                runs[device].append(one_run(paths, device))
                told = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in runs[device][-1].seconds.items())
                print(f"{rows:,} rows on {device}, {repeat + 1} of {repeats}: {told} s", flush=True)
        found[rows] = {device: Column.of(of) for device, of in runs.items()}
    return found


def options_of() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="100 thousand and 1 million rows, one repeat")
    parser.add_argument("--rows", type=int, nargs="+", metavar="N", help="how many rows, instead of 100 K to 100 M")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="3 if left out")
    parser.add_argument("--device", choices=("cpu", "cuda", "both"), default="both")
    parser.add_argument(
        "--cpu-at-most", type=int, default=TARGET_ROWS, metavar="N", help="leave the CPU out of more rows than this"
    )
    parser.add_argument("--sample", type=Path, metavar="FILE", help="read the flights from a file of --write-sample")
    parser.add_argument("--write-sample", type=Path, metavar="FILE", help="write the flights there (Parquet) and end")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="keep the widened rows there for the next run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the seconds there (PNG)")
    return parser.parse_args()


def main() -> None:
    options = options_of()
    sample = read_sample(options.sample)
    if options.write_sample:
        sample.to_parquet(options.write_sample)
        return
    devices: list[Device] = ["cpu", "cuda"] if options.device == "both" else [options.device]
    without_gpu = None
    try:
        for device in devices:
            get_xp(device)
    except GpuMissing as missing:
        if options.device == "cuda":
            raise SystemExit(str(missing)) from missing
        devices, without_gpu = ["cpu"], str(missing)
    sizes = options.rows or list(ROWS[:2] if options.quick else ROWS)
    with tempfile.TemporaryDirectory(prefix="trainyard-gpu-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(sample, sizes, devices, 1 if options.quick else options.repeats, options.cpu_at_most, folder)
    show(found, without_gpu)
    if options.json:
        options.json.write_text(json.dumps(figures_of(found), indent=1))
    if options.picture:
        draw(found, options.picture)


if __name__ == "__main__":
    main()
