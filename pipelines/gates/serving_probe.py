"""What a process that serves a model would see, told by one: `python -m pipelines.gates.serving_probe FOLDER ROWS OUT`.

Unpickling is forbidden there, by an audit hook that is set before any library is imported. It covers
whatever asks Python's unpickler for a class or function, without which a pickle can run nothing, so also
what joblib, cloudpickle and dill read, and what libraries do while they are imported. It does not cover
pickles of plain data, an unpickler whose own `find_class` never calls Python's, and a library's native readers.
"""

import contextlib
import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EXIT_DONE, leave

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SINGLE_ROWS = 200
REPEATS = 3
MIB = 2**20
STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Measurements:
    """model_digest: SHA-256 of the Booster's file. columns: of the signature. batches: SHA-256 of the scores of the
    same rows, scored twice. batch_gap: largest difference between a row's score in the batch and alone. lowest,
    highest: of the scores, which may not be finite.

    p50_ms, p99_ms: over rows, of scoring one alone, encoding included; a row's time is the best of three, for what
    else the machine does is not the model's. rows_per_s: of the faster batch. model_mb: of all the model's files.
    peak_memory_mb: above what the process held before it loaded the model. Both in MiB.
    """

    model_digest: str
    columns: list[str]
    rows: int
    batches: list[str]
    batch_gap: float
    finite: bool
    lowest: float
    highest: float
    p50_ms: float
    p99_ms: float
    rows_per_s: float
    model_mb: float
    peak_memory_mb: float


def forbid_unpickling() -> None:
    """For as long as the process lives: an audit hook cannot be taken back."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            raise RuntimeError(f"unpickling is forbidden here, and something unpickled {'.'.join(arguments)}")

    sys.addaudithook(refuse)


def probe(folder: Path, rows: "pd.DataFrame") -> Measurements:
    """Load the model in the folder and score the rows: twice together, and some of them one by one.

    rows: (n, k) with at least the model's features, n > 0. Whatever the model raises passes through.
    """
    import numpy as np

    from pipelines.registry import MODEL_FILE, read_model

    _forget_peak_memory()
    before = _peak_memory_bytes()
    model = read_model(folder)
    (once, once_s), (again, again_s) = _timed(lambda: model.score(rows)), _timed(lambda: model.score(rows))
    peak_memory_mb = (_peak_memory_bytes() - before) / MIB
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), SINGLE_ROWS)).astype(int)
    alone, alone_s = _one_by_one(model.score, [rows.iloc[[position]] for position in chosen])
    finite = bool(np.isfinite(once).all() and np.isfinite(alone).all())
    return Measurements(
        model_digest=hashlib.sha256((folder / MODEL_FILE).read_bytes()).hexdigest(),
        columns=signature_columns(folder),
        rows=len(rows),
        batches=[hashlib.sha256(scores.tobytes()).hexdigest() for scores in (once, again)],
        batch_gap=float(np.abs(once[chosen] - alone).max()),
        finite=finite,
        lowest=float(min(once.min(), alone.min())),
        highest=float(max(once.max(), alone.max())),
        p50_ms=1e3 * float(np.quantile(alone_s, 0.5)),
        p99_ms=1e3 * float(np.quantile(alone_s, 0.99)),
        rows_per_s=len(rows) / min(once_s, again_s),
        model_mb=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / MIB,
        peak_memory_mb=peak_memory_mb,
    )


def signature_columns(folder: Path) -> list[str]:
    """The columns that MLflow asks of a caller, as the model's MLmodel file names them."""
    import yaml

    described = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    return [column["name"] for column in json.loads(described["signature"]["inputs"])]


def _one_by_one(
    score: Callable[["pd.DataFrame"], "np.ndarray"], singles: list["pd.DataFrame"]
) -> tuple["np.ndarray", "np.ndarray"]:
    """Scores of m frames of one row, (m,), and the seconds that each took at best, (m,)."""
    import numpy as np

    runs = [[_timed(lambda row=row: score(row)) for row in singles] for _ in range(REPEATS)]  # type: ignore[misc]
    seconds = np.array([[taken for _, taken in run] for run in runs])
    return np.concatenate([scores for scores, _ in runs[-1]]), seconds.min(axis=0)


def _timed(call: Callable[[], "np.ndarray"]) -> tuple["np.ndarray", float]:
    start = time.perf_counter()
    scores = call()
    return scores, time.perf_counter() - start


def _forget_peak_memory() -> None:
    """On Linux; elsewhere the peak stays that of the process's whole life, which may hide the model's own."""
    with contextlib.suppress(OSError):  # no such file, or mounted read-only by a container
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory_bytes() -> int:
    """Of the resident memory. Not getrusage's on Linux, where a child starts with its parent's peak."""
    if STATUS.exists():
        peak = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main(folder: str, rows: str, out: str) -> None:
    forbid_unpickling()
    # Imported here, so that the libraries do not count as the model's memory.
    import pandas as pd
    import xgboost  # noqa: F401

    import pipelines.registry  # noqa: F401

    measured = probe(Path(folder), pd.read_parquet(rows))
    Path(out).write_text(json.dumps(asdict(measured)))


if __name__ == "__main__":
    main(*sys.argv[1:])
    leave(EXIT_DONE)
