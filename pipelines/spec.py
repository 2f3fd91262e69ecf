"""Declarations: a dataset is one folder with `dataset.toml`, a model is one TOML file.

Read with tomllib into strict, frozen pydantic models that forbid unknown keys. The environment
(addresses, credentials, compute) never stands in a spec.
"""

import contextlib
import tomllib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self, TypeVar, Union

from croniter import croniter
from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipelines.alerts_spec import Alerts
from pipelines.errors import SpecError
from pipelines.gates.gate import Gate, kinds
from pipelines.interval import Granularity
from pipelines.monitoring_spec import Monitoring, Retrain
from pipelines.resource_classes import DatasetCompute, ModelCompute, require_device
from pipelines.spec_errors import sentence
from pipelines.spec_words import BASELINES_OF, METRICS_OF, Duration, Name, Strict, Task
from pipelines.training_spec import Training

HERE = Path(__file__).parent
DATASETS = HERE / "datasets"
MODELS = HERE / "models"
SHOWN = 60


def _cron(expression: str) -> str:
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ValueError("must be a cron expression of five fields, such as '0 0 1 * *' (monthly)")
    return expression


Cron = Annotated[str, AfterValidator(_cron)]


class DatasetSpec(Strict):
    """A source of rows, partitioned by time; its code stands beside it in the same folder."""

    name: Name
    description: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    tags: list[str] = Field(default_factory=list)
    source: str = Field(min_length=1, description="One of the sources that the dataset's source.py reads.")
    partition: Granularity = Field(description="The span of one partition, in UTC.")
    schedule: Cron = Field(description="When a partition is pulled: its data interval is one period of this.")
    start: date = Field(description="First day for which the source has rows.")
    end: date | None = Field(default=None, description="First day after the source's last; none for a live source.")
    alerts: Alerts = Alerts()
    compute: DatasetCompute = DatasetCompute()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end ({self.end}) must be after start ({self.start})")
        return self


class Target(Strict):
    """What is predicted: a column, or for classification whether it reaches a threshold."""

    task: Task
    column: Name
    at_least: float | None = Field(default=None, description="Classification: positive when the column is >= this.")

    @model_validator(mode="after")
    def _threshold_fits_task(self) -> Self:
        if (self.task == "classification") != (self.at_least is not None):
            raise ValueError("at_least must be given for classification and left out for regression")
        return self


class Schedule(Strict):
    """When the model's DAGs run: five-field cron expressions in UTC, one data interval a period."""

    starts: date = Field(description="Start of the first data interval to train on the end of.")
    train: Cron
    predict: Cron
    monitor: Cron

    @property
    def first_effective_on(self) -> date:
        """The day on which the first champion can take force: the end of the first training's data interval."""
        just_before = datetime(self.starts.year, self.starts.month, self.starts.day) - timedelta(seconds=1)
        periods = croniter(self.train, just_before)
        periods.get_next(datetime)
        first_end: datetime = periods.get_next(datetime)
        return first_end.date()


if TYPE_CHECKING:
    AnyGate = Gate
else:
    AnyGate = Annotated[Union[tuple(kinds())], Field(discriminator="kind")]  # noqa: UP007


class ApprovalPolicy(Strict):
    """Who must answer for a promotion; an answer holds for one evaluation of one version."""

    required: bool = Field(description="Whether a candidate that passed its gates waits for a person.")
    approvers: list[str] = Field(
        default_factory=list, description="Names of Airflow's users who may answer; whoever may edit tasks if left out."
    )
    timeout: Duration = Field(default=timedelta(days=2), description="How long a question waits for its answer.")
    on_timeout: Literal["reject", "approve"] = Field(
        default="reject", description="What no answer means. It never promotes against a gate."
    )
    override: bool = Field(default=False, description="Whether a person may promote against a gate, and say why.")


class ModelSpec(Strict):
    """One model, whole: what it predicts, from what, when, how it is judged and when it is retrained."""

    name: Name
    dataset: Name
    description: str = Field(min_length=10)
    owner: str = Field(min_length=1)
    tags: list[str] = Field(default_factory=list)
    target: Target
    features: list[str] = Field(min_length=1, description="'view' for all of a view's features, or 'view.feature'.")
    schedule: Schedule
    training: Training
    gates: list[AnyGate] = Field(min_length=1)
    monitoring: Monitoring
    retrain: Retrain = Retrain()
    alerts: Alerts = Alerts()
    approval: ApprovalPolicy | None = Field(default=None, description="Left out: the gates alone decide.")
    compute: ModelCompute = ModelCompute()

    @model_validator(mode="after")
    def _trains_where_its_device_is(self) -> Self:
        require_device(self.training.device, self.compute.train)
        return self

    @model_validator(mode="after")
    def _retrains_by_a_policy(self) -> Self:
        wrong = self.retrain.misfit(self.schedule.monitor)
        if wrong is not None:
            raise ValueError(wrong)
        return self

    @model_validator(mode="after")
    def _metrics_fit_task(self) -> Self:
        task = self.target.task
        named = [(f"gates[{i}].metric", metric) for i, gate in enumerate(self.gates) for metric in gate.metrics]
        for key, metric in [*named, ("monitoring.metric", self.monitoring.metric)]:
            if metric not in METRICS_OF[task]:
                raise ValueError(f"{key} must be one of {', '.join(METRICS_OF[task])} for {task} (got {metric})")
        wanted = [baseline for gate in self.gates for baseline in gate.baselines]
        for baseline in [*self.training.baselines, *wanted]:
            if baseline not in BASELINES_OF[task]:
                raise ValueError(
                    f"training.baselines must be of {', '.join(BASELINES_OF[task])} for {task} (got {baseline})"
                )
        for baseline in wanted:
            if baseline not in self.training.baselines:
                raise ValueError(f"gates compare with baseline {baseline}: add it to training.baselines")
        for i, gate in enumerate(self.gates):
            if gate.task not in (None, task):
                raise ValueError(
                    f"gates[{i}]: {gate.kind} on {gate.subject} is for {gate.task} only (target.task is {task})"
                )
            if gate.windows > self.training.walk_forward_windows:
                raise ValueError(
                    f"gates[{i}].windows must be at most training.walk_forward_windows, "
                    f"{self.training.walk_forward_windows} (got {gate.windows})"
                )
        return self


Declared = TypeVar("Declared", DatasetSpec, ModelSpec)


def load_datasets(folder: Path = DATASETS) -> dict[str, DatasetSpec]:
    """Every dataset by name. Raises SpecError."""
    return _by_name(_read(DatasetSpec, path) for path in sorted(folder.glob("*/dataset.toml")))


def load_models(folder: Path = MODELS, datasets: Iterable[str] | None = None) -> dict[str, ModelSpec]:
    """Every model by name. Raises SpecError, also for a dataset that is not declared."""
    known = sorted(load_datasets() if datasets is None else datasets)
    found = [_read(ModelSpec, path) for path in sorted(folder.glob("*.toml"))]
    for path, spec in found:
        if spec.dataset not in known:
            raise SpecError(f"{_shown(path)}: dataset '{spec.dataset}' is not declared; declared: {', '.join(known)}")
    return _by_name(iter(found))


def sound_models(folder: Path = MODELS, datasets: Iterable[str] | None = None) -> dict[str, ModelSpec]:
    """The models whose own file is right: one that is wrong must not stop the others.

    `load_models` says what is wrong with those that are left out.
    """
    known = sorted(load_datasets() if datasets is None else datasets)
    found: dict[str, ModelSpec] = {}
    for path in sorted(folder.glob("*.toml")):
        with contextlib.suppress(SpecError):
            _, spec = _read(ModelSpec, path)
            if spec.dataset in known:
                found.setdefault(spec.name, spec)
    return found


def find_model(name: str) -> ModelSpec:
    models = sound_models()
    if name not in models:
        models = load_models()
        raise SpecError(f"No model named {name[:SHOWN]!r}. Declared in pipelines/models: {', '.join(sorted(models))}.")
    return models[name]


def find_dataset(name: str) -> DatasetSpec:
    datasets = load_datasets()
    if name not in datasets:
        raise SpecError(
            f"No dataset named {name[:SHOWN]!r}. Declared in pipelines/datasets: {', '.join(sorted(datasets))}."
        )
    return datasets[name]


def _by_name(specs: Iterable[tuple[Path, Declared]]) -> dict[str, Declared]:
    files: dict[str, Path] = {}
    found: dict[str, Declared] = {}
    for path, spec in specs:
        if spec.name in found:
            raise SpecError(
                f"{_shown(path)}: name '{spec.name}' is already taken by {_shown(files[spec.name])}; "
                "names are unique, give one of them another"
            )
        files[spec.name], found[spec.name] = path, spec
    return found


def _read(kind: type[Declared], path: Path) -> tuple[Path, Declared]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{_shown(path)}: is not TOML: {error}") from error
    try:
        return path, kind.model_validate(raw)
    except ValidationError as error:
        lines = [f"{_shown(path)}: {sentence(kind, one)}" for one in error.errors()]
        raise SpecError("\n".join(lines)) from error


def _shown(path: Path) -> str:
    return str(path.relative_to(HERE.parent)) if path.is_relative_to(HERE.parent) else str(path)
