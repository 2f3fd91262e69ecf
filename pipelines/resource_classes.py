"""Resource classes: what the pod of a step asks of the cluster, defined once and named by the specs."""

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from pipelines.errors import SpecError
from pipelines.spec_errors import sentence
from pipelines.spec_words import Strict

SHIPPED = Path(__file__).with_name("resource_classes.toml")
OWN_FILE = "TRAINYARD_RESOURCE_CLASSES"
DEFAULT = "cpu-small"

# Of Kubernetes: digits, then a unit (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity).
Cpu = Annotated[str, Field(pattern=r"^(\d+m|\d+(\.\d+)?)$")]
Memory = Annotated[str, Field(pattern=r"^\d+(Mi|Gi|Ti)$")]


class Toleration(Strict):
    """Of a node's taint; left out: any value, any effect."""

    key: str
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class ResourceClass(Strict):
    """What one pod gets. Memory and GPUs are limit and request alike, so that a pod that fits its node stays."""

    cpu: Cpu = Field(description="Cores that are reserved; more are used where the node has them free.")
    memory: Memory = Field(description="Reserved, and the limit: what needs more is killed.")
    scratch: Memory = Field(default="2Gi", description="Of the node's disk, for /tmp.")
    gpus: int = Field(default=0, ge=0, description="nvidia.com/gpu")
    node_selector: dict[str, str] = Field(default_factory=dict)
    affinity: dict[str, object] | None = Field(default=None, description="A pod's affinity, as Kubernetes has it.")
    tolerations: list[Toleration] = Field(default_factory=list)
    priority_class: str | None = Field(
        default=None, description="Left out: trainyard-serving for predict, trainyard-backfill in a backfill."
    )
    startup_min: int = Field(default=5, ge=1, description="How long a pod may wait for a node and its image.")
    deadline_min: int = Field(default=120, ge=1, description="How long it may run, from its node's taking it on.")
    grace_s: int = Field(default=60, ge=1, description="From the request to end until the kill.")
    pool: str = Field(default="default_pool", description="Airflow's pool, which bounds what is asked at once.")
    pool_slots: int = Field(default=1, ge=1)
    preemptions: int = Field(default=3, ge=0, description="How often one try of a task starts over on another node.")
    larger: str | None = Field(default=None, description="The class to try once when memory runs out.")


def resource_classes() -> dict[str, ResourceClass]:
    """All classes by name: the shipped ones and the user's own. Raises SpecError."""
    files = [SHIPPED, *(Path(own) for own in [os.environ.get(OWN_FILE)] if own)]
    found: dict[str, ResourceClass] = {}
    for file in files:
        if not file.is_file():
            raise SpecError(f"{OWN_FILE} names {file}, which is not a file. Write one, or unset it.")
        found |= _read(file, file.stat().st_mtime_ns)
    for name, one in found.items():
        if one.larger is not None and one.larger not in found:
            raise SpecError(f"{name}.larger must be a resource class: {', '.join(sorted(found))} (got {one.larger!r})")
    return found


def resource_class(name: str) -> ResourceClass:
    """Raises SpecError for one that is not defined."""
    classes = resource_classes()
    if name not in classes:
        raise SpecError(f"No resource class named '{name}'. Defined: {', '.join(sorted(classes))}.")
    return classes[name]


def require_device(device: str, class_name: str) -> None:
    """Raises ValueError when a training on that device would find no GPU in the class, or leave one idle."""
    classes = resource_classes()
    with_gpu = sorted(name for name, one in classes.items() if one.gpus)
    if device == "cuda" and class_name not in with_gpu:
        raise ValueError(
            f"training.device is 'cuda', but compute.train = '{class_name}' has no GPU; with one: {', '.join(with_gpu)}"
        )
    if device == "cpu" and class_name in with_gpu:
        raise ValueError(
            f"compute.train = '{class_name}' has a GPU that training.device = 'cpu' leaves idle: "
            "set training.device = 'cuda', or name a class without one"
        )


@lru_cache(maxsize=8)
def _read(file: Path, changed_ns: int) -> dict[str, ResourceClass]:
    """The classes of one file, read anew when it changed."""
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{file.name}: is not TOML: {error}") from error
    found = {}
    for name, table in raw.items():
        try:
            found[name] = ResourceClass.model_validate(table)
        except ValidationError as error:
            lines = [f"{file.name}: [{name}] {sentence(ResourceClass, one)}" for one in error.errors()]
            raise SpecError("\n".join(lines)) from error
    return found


def _named(name: str) -> str:
    classes = resource_classes()
    if name not in classes:
        raise ValueError(f"must be a resource class: {', '.join(sorted(classes))}")
    return name


ClassName = Annotated[str, AfterValidator(_named)]


class Compute(Strict):
    """The resource class of each step's pod; a local run, in a child process of the worker, has none."""

    larger_when_out_of_memory: bool = Field(
        default=True, description="Try once more in the class that is larger when a step runs out of memory."
    )

    def class_of(self, step: str) -> str:
        # pydantic's own method has the name of that step.
        name: str = getattr(self, "validate_" if step == "validate" else step)
        return name

    def has_gpu(self, step: str) -> bool:
        return resource_class(self.class_of(step)).gpus > 0


class DatasetCompute(Compute):
    model_config = ConfigDict(serialize_by_alias=True)

    ingest: ClassName = DEFAULT
    validate_: ClassName = Field(default=DEFAULT, alias="validate")
    featurize: ClassName = DEFAULT
    materialize: ClassName = DEFAULT


class ModelCompute(Compute):
    assemble: ClassName = DEFAULT
    train: ClassName = DEFAULT
    evaluate: ClassName = DEFAULT
    promote: ClassName = DEFAULT
    predict: ClassName = DEFAULT
    detect_drift: ClassName = DEFAULT
    decide_retrain: ClassName = DEFAULT
    alert: ClassName = DEFAULT
    rollback: ClassName = DEFAULT

    def class_of(self, step: str) -> str:
        """A backtest trains, so it has what training has."""
        return super().class_of("train" if step == "backtest" else step)
