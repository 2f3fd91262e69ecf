"""What made a model: the code, the environment and the machine, captured where the training runs.

No secret and no path of a person's machine is in it. Nothing that is digested depends on it: the same
rows and the same recipe are the same candidate wherever they meet.
"""

import hashlib
import importlib.metadata
import os
import platform
import resource
import shutil
import subprocess
import time
from pathlib import Path

from pipelines.environment import REPO, whole_number
from pipelines.spec_words import Strict

# What decides the rows, the features or the trees, or the bytes that they are kept in.
LIBRARIES = (
    "xgboost",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "deltalake",
    "duckdb",
    "ibis-framework",
    "feast",
    "mlflow",
)
ASKED_WITHIN_SECONDS = 10
UNKNOWN_COMMIT = "no .git folder beside the code, and TRAINYARD_COMMIT is not set"


class CodeState(Strict):
    """source: SHA-256 of the product's own files, equal where the code is equal, with or without git.
    dirty: whether files differ from the commit; None where git cannot say. why: of a missing commit."""

    commit: str | None
    dirty: bool | None
    why: str | None
    source: str


class EnvironmentState(Strict):
    """lock: SHA-256 of requirements.txt. image: digest of the container image, where one runs.
    gpu: model of the first one, None without. libraries: version by distribution, None where missing."""

    lock: str | None
    image: str | None
    python: str
    platform: str
    cpu: str
    gpu: str | None
    libraries: dict[str, str | None]


class Provenance(Strict):
    code: CodeState
    environment: EnvironmentState


class Cost(Strict):
    """Seconds of CPU (all threads), of the clock and of the GPU; peak memory of the whole process, MiB.
    gpu_s: those of all the GPUs that it held; None where it held none."""

    cpu_s: float
    wall_s: float
    peak_memory_mb: float
    gpu_s: float | None


class Meter:
    """What a stretch of work costs, from its making on. spent: what was spent on the same work before it was
    interrupted. gpus: how many it holds."""

    def __init__(self, spent: Cost | None = None, gpus: int = 0) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self._spent, self._gpus = spent or Cost(cpu_s=0.0, wall_s=0.0, peak_memory_mb=0.0, gpu_s=None), gpus

    def read(self) -> Cost:
        # Linux counts it in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        wall = time.perf_counter() - self._wall
        gpu = round((self._spent.gpu_s or 0.0) + wall * self._gpus, 3)
        return Cost(
            cpu_s=round(self._spent.cpu_s + time.process_time() - self._cpu, 3),
            wall_s=round(self._spent.wall_s + wall, 3),
            peak_memory_mb=max(self._spent.peak_memory_mb, round(peak, 1)),
            gpu_s=gpu if self._gpus or self._spent.gpu_s is not None else None,
        )


def start_meter(spent: Cost | None = None, gpus: int = 0) -> Meter:
    """Of this process and the GPUs that it holds: in a pod TRAINYARD_GPUS tells how many, else `gpus`.

    Raises CallerError when TRAINYARD_GPUS is not a whole number.
    """
    told = whole_number("TRAINYARD_GPUS")
    return Meter(spent, gpus if told is None else told)


def capture(repository: Path = REPO) -> Provenance:
    """Of the running process."""
    return Provenance(code=code_state(repository), environment=_environment(repository))


def code_state(repository: Path) -> CodeState:
    """The commit from git where the code lies in a clone; in an image, from TRAINYARD_COMMIT."""
    source = source_digest(repository / "pipelines")
    if not (repository / ".git").exists():
        told = os.environ.get("TRAINYARD_COMMIT") or None
        return CodeState(commit=told, dirty=None, why=None if told else UNKNOWN_COMMIT, source=source)
    try:
        commit = _asked("git", "-C", str(repository), "rev-parse", "HEAD")
        changed = _asked("git", "-C", str(repository), "status", "--porcelain")
    except (OSError, subprocess.SubprocessError) as error:
        return CodeState(commit=None, dirty=None, why=f"git does not answer ({type(error).__name__})", source=source)
    return CodeState(commit=commit, dirty=bool(changed), why=None, source=source)


def source_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all Python and TOML files below the folder."""
    digest = hashlib.sha256()
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.toml")]):
        digest.update(f"{path.relative_to(folder).as_posix()}\n{_sha256(path)}\n".encode())
    return digest.hexdigest()


def _environment(repository: Path) -> EnvironmentState:
    lock = repository / "requirements.txt"
    return EnvironmentState(
        lock=_sha256(lock) if lock.is_file() else None,
        image=os.environ.get("TRAINYARD_IMAGE") or None,
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=_cpu_model(),
        gpu=_gpu_model(),
        libraries=versions(LIBRARIES),
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cpu_model() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _gpu_model() -> str | None:
    if shutil.which("nvidia-smi") is None:
        return None
    try:
        models = _asked("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").splitlines()
    except (OSError, subprocess.SubprocessError):
        # The tool is there and no driver answers: nothing can train on such a GPU.
        return None
    return models[0].strip() if models else None


def versions(distributions: tuple[str, ...]) -> dict[str, str | None]:
    """Those installed, None where one is missing."""
    return {name: _version(name) for name in distributions}


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _asked(*command: str) -> str:
    answer = subprocess.run(command, capture_output=True, text=True, timeout=ASKED_WITHIN_SECONDS, check=True)
    return answer.stdout.strip()
