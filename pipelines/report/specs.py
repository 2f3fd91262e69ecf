"""What is declared, checked; the JSON Schemas that editors read, and the table of features that people read."""

import json
from pathlib import Path

from pipelines.drift.business import require_computable
from pipelines.drift.quality import require_slices
from pipelines.features import declared_views
from pipelines.gates.columns import require_declared
from pipelines.release.record import ReleaseRecord
from pipelines.resource_classes import Compute, ResourceClass, resource_classes
from pipelines.spec import DatasetSpec, ModelSpec, load_datasets, load_models
from pipelines.spec_words import Strict
from pipelines.training_set import declared_features

SCHEMAS: dict[str, type[Strict]] = {"dataset": DatasetSpec, "model": ModelSpec, "release_record": ReleaseRecord}


def check() -> str:
    """One line for each dataset and model. Raises SpecError at the first that is wrong."""
    datasets, models = load_datasets(), load_models()
    lines = []
    for name, dataset in datasets.items():
        views = declared_views(name)
        features = sum(len(view.features) for view in views)
        lines.append(f"dataset {name:<18} {dataset.source}, a {dataset.partition} a partition, {features} features")
    for name, spec in models.items():
        used = declared_features(spec)
        require_declared(spec)
        require_slices(spec)
        require_computable(spec)
        gates = ", ".join(f"{gate.kind} on {gate.subject}" for gate in spec.gates)
        lines.append(f"model   {name:<18} {spec.target.task} on {spec.dataset}, {len(used)} features; gates: {gates}")
    used_by = [*(dataset.compute for dataset in datasets.values()), *(model.compute for model in models.values())]
    lines += [_class_line(name, one, used_by) for name, one in resource_classes().items()]
    return "\n".join(lines)


def _class_line(name: str, resources: ResourceClass, used_by: list[Compute]) -> str:
    steps = sum(list(compute.model_dump().values()).count(name) for compute in used_by)
    gpus = f", {resources.gpus} GPU" if resources.gpus else ""
    asks = f"{resources.cpu} cores, {resources.memory}{gpus}, pool {resources.pool}"
    return f"class   {name:<18} {asks}; named by {steps} steps"


def write_schemas(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in SCHEMAS.items():
        schema = json.dumps(kind.model_json_schema(), indent=2, sort_keys=True)
        (folder / f"{name}.schema.json").write_text(f"{schema}\n")


def write_feature_tables(folder: Path) -> None:
    """One Markdown page a dataset: every declared feature, with unit, age limit, owner and source."""
    folder.mkdir(parents=True, exist_ok=True)
    for dataset in load_datasets():
        lines = [f"# Features of {dataset}", ""]
        for view in declared_views(dataset):
            keys = ", ".join(view.entities) or "the row itself"
            lines += [f"## {view.name}", "", f"By {keys}; from {view.source}; {view.refresh}; owner {view.owner}."]
            lines += ["", f"Null when older than {view.ttl}."] if view.ttl else []
            lines += ["", "| feature | unit | is |", "| --- | --- | --- |"]
            lines += [f"| `{feature.name}` | {feature.unit} | {feature.description} |" for feature in view.features]
            lines.append("")
        (folder / f"{dataset}.md").write_text("\n".join(lines))
