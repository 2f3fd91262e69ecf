"""What a change does to models: those that come, go or are renamed, and what changes within one."""

from collections.abc import Iterator
from typing import Any

from pipelines.errors import SpecError
from pipelines.features import FeatureView, select
from pipelines.spec import ModelSpec
from pipelines.spec_diff.change import Change, Direction, fields, told
from pipelines.spec_diff.gates import gate_changes
from pipelines.spec_diff.tree import Declarations
from pipelines.spec_words import Strict

# Sections whose every value is told as it is; the others are told in words of their own.
PLAIN = ("target", "training", "schedule", "compute", "alerts", "retrain")
TEXTS = ("description", "owner", "tags", "dataset")
# Of monitoring: a greater number alarms later.
BOUNDS = ("loss", "psi_warning", "rise", "rate", "change", "shift", "bias")
LOOSER_APPROVAL: dict[str, tuple[Any, Any]] = {
    "required": (True, False),
    "override": (False, True),
    "on_timeout": ("reject", "approve"),
}


def model_changes(before: Declarations, after: Declarations) -> Iterator[Change]:
    renamed = dict(_renamed(before, after))
    for name in sorted(before.models.keys() | after.models.keys()):
        one, other = before.models.get(name), after.models.get(name)
        subject = f"model {name}"
        if one and other:
            yield from _within(subject, one, other, before, after)
        elif other and name in renamed:
            yield Change(
                subject, "name", "changes", f"{renamed[name]} is renamed to {name}, nothing else of it changes"
            )
        elif other:
            gates, features = len(other.gates), _features(other, after)
            yield Change(
                subject,
                "name",
                "adds",
                f"is new: {other.target.task} on {other.dataset}, {len(features)} features, {gates} gates",
            )
        elif name not in renamed.values():
            yield Change(subject, "name", "removes", "is gone")


def _renamed(before: Declarations, after: Declarations) -> Iterator[tuple[str, str]]:
    """New name and old name of models that are the same but for it."""
    gone = [spec for name, spec in before.models.items() if name not in after.models]
    for name, spec in after.models.items():
        if name not in before.models:
            for old in gone:
                if old.model_copy(update={"name": name}) == spec:
                    yield name, old.name


def _within(
    subject: str, one: ModelSpec, other: ModelSpec, before: Declarations, after: Declarations
) -> Iterator[Change]:
    for key in TEXTS:
        if getattr(one, key) != getattr(other, key):
            section = "dataset" if key == "dataset" else "words"
            yield Change(subject, section, "changes", f"{key}: {getattr(one, key)} → {getattr(other, key)}")
    earlier, later = _features(one, before), _features(other, after)
    yield from (Change(subject, "features", "adds", f"feature {name}") for name in later if name not in earlier)
    yield from (Change(subject, "features", "removes", f"feature {name}") for name in earlier if name not in later)
    for section in PLAIN:
        for key, was, is_now in fields(*_written(getattr(one, section), getattr(other, section))):
            yield Change(subject, section, "changes", f"{section}.{key}: {told(was)} → {told(is_now)}")
    yield from gate_changes(subject, one.gates, other.gates)
    for key, was, is_now in fields(*_written(one.monitoring, other.monitoring)):
        direction = _watches(key, was, is_now)
        yield Change(subject, "monitoring", direction, f"monitoring.{key}: {told(was)} → {told(is_now)}")
    for key, was, is_now in fields(*_written(one.approval, other.approval)):
        looser = (was, is_now) == LOOSER_APPROVAL.get(key) or (key == "required" and was and not is_now)
        words: Direction = "loosens" if looser else "tightens" if key in LOOSER_APPROVAL else "changes"
        yield Change(subject, "approval", words, f"approval.{key}: {told(was)} → {told(is_now)}")


def _written(one: Strict | None, other: Strict | None) -> tuple[dict[str, Any], dict[str, Any]]:
    return (one.model_dump(mode="json") if one else {}, other.model_dump(mode="json") if other else {})


def _watches(key: str, before: Any, after: Any) -> Direction:
    numbers = isinstance(before, float | int) and isinstance(after, float | int)
    if not numbers or not key.endswith(BOUNDS):
        return "changes"
    return "loosens" if after > before else "tightens"


def _features(spec: ModelSpec, declared: Declarations) -> list[str]:
    """Names of single features; of the list itself where the tree's views cannot be read."""
    views: tuple[FeatureView, ...] | None = declared.views.get(spec.dataset)
    if views is None:
        return list(spec.features)
    try:
        return [feature.name for feature in select(views, spec.features, f"{spec.name}.features")]
    except SpecError:
        return list(spec.features)
