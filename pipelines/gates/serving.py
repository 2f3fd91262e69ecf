"""What serving a version costs and answers, measured in a fresh process, once.

The candidate and the champion are measured one after the other on the same rows and machine, so that a
ratio of their times compares the models. The measurements are kept with the candidate: an evaluation that
is repeated finds them. A probe that crashed is kept by nobody, for a crowded machine can be the cause.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipelines.candidate import Candidate, candidate_of
from pipelines.champions import Champion
from pipelines.gates.serving_probe import Measurements
from pipelines.layout import measurements
from pipelines.registry import Registry
from pipelines.store import Store

SAMPLE_ROWS = 5000
TIMEOUT_S = 180
REPOSITORY = Path(__file__).parents[2]
TRACEBACK = "Traceback (most recent call last):"
# Absolute paths, often of random temporary folders, clock times and addresses: other ones in each process.
PASSING = re.compile(r"(?<![\w./])/[^\s'\":,;()\[\]]+|\[\d\d:\d\d:\d\d\]|0x[0-9a-f]{6,}")


@dataclass(frozen=True)
class Unmeasured:
    """A process that crashed, or did not finish in time: of that, a crowded machine can be the cause as well.

    why: the same words for the same fault.
    """

    why: str
    timed_out: bool = False


@dataclass(frozen=True)
class Probe:
    """model_digest, training_cpu_s: of the Booster's file and of the train step, as that recorded them."""

    model_digest: str
    training_cpu_s: float | None
    measured: Measurements | Unmeasured


@dataclass(frozen=True)
class Serving:
    """champion: None without one."""

    candidate: Probe
    champion: Probe | None = None


def measure(
    store: Store, registry: Registry, made: Candidate, champion: Champion | None, features: pd.DataFrame
) -> Serving:
    """The candidate's measurements beside the champion's, on a sample of the rows, or as they were measured before.

    features: (n, k), every feature that the dataset declares.
    """
    path = measurements(made.model, made.version)
    in_force = candidate_of(store, made.model, champion.version) if champion is not None else None
    known = _read(store, path)
    if known is not None and _digests(known) == (made.model_digest, in_force and in_force.model_digest):
        return known
    sample = features.iloc[np.linspace(0, len(features) - 1, min(len(features), SAMPLE_ROWS)).astype(int)]
    serving = Serving(_probe(registry, made, sample), _probe(registry, in_force, sample) if in_force else None)
    probes = [probe for probe in (serving.candidate, serving.champion) if probe is not None]
    if all(isinstance(probe.measured, Measurements) for probe in probes):
        store.write_file(path, json.dumps(asdict(serving), indent=1, sort_keys=True).encode())
    return serving


def run_probe(folder: Path, rows: pd.DataFrame, timeout_s: float = TIMEOUT_S) -> Measurements | Unmeasured:
    """Probe a model's folder in a process of its own; what that prints when it crashes goes to the step's log."""
    with tempfile.TemporaryDirectory() as scratch:
        sample, out = Path(scratch) / "rows.parquet", Path(scratch) / "out.json"
        rows.to_parquet(sample, index=False)
        command = [sys.executable, "-m", "pipelines.gates.serving_probe", str(folder), str(sample), str(out)]
        try:
            ran = subprocess.run(
                command,
                cwd=REPOSITORY,
                env=os.environ | {"OMP_WAIT_POLICY": "passive"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            return Unmeasured(f"it did not finish within {timeout_s:g} s", timed_out=True)
        if ran.returncode != 0 or not out.exists():
            print(ran.stdout, flush=True)
            return Unmeasured(f"exit code {ran.returncode}{_last_exception(ran.stdout)}")
        return Measurements(**json.loads(out.read_text()))


def _last_exception(printed: str) -> str:
    """Its first line after a colon, the same in every run; nothing for a process that ended without one."""
    _, found, last = printed.rpartition(TRACEBACK)
    lines = [line for line in last.splitlines() if line.strip() and not line.startswith(" ")] if found else []
    return f": {PASSING.sub('…', lines[0])}" if lines else ""


def _probe(registry: Registry, made: Candidate, sample: pd.DataFrame) -> Probe:
    print(f"measuring version {made.version} in a process of its own", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        found = run_probe(registry.download(made.model, made.version, Path(scratch)).absolute(), sample)
    return Probe(made.model_digest, made.cost.get("cpu_s"), found)


def _digests(serving: Serving) -> tuple[str, str | None]:
    return serving.candidate.model_digest, serving.champion.model_digest if serving.champion else None


def _read(store: Store, path: str) -> Serving | None:
    if not store.exists(path):
        return None
    raw: dict[str, Any] = json.loads(store.read_file(path))
    return Serving(_probe_of(raw["candidate"]), _probe_of(raw["champion"]) if raw["champion"] else None)


def _probe_of(raw: dict[str, Any]) -> Probe:
    return Probe(raw["model_digest"], raw["training_cpu_s"], Measurements(**raw["measured"]))
