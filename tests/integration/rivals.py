"""A champion of one tree, and two better candidates of the same time that differ by their seed alone."""

import shutil
import uuid
from pathlib import Path

from pipelines.candidate import candidate_of
from pipelines.champions import champion_before
from pipelines.gates.examination import examine
from pipelines.gates.kinds.versus import VersusChampion
from pipelines.registry import Registry
from pipelines.spec import ModelSpec, find_model
from pipelines.steps import assemble, evaluate, promote, train
from pipelines.store import Store
from tests.pipelines.months import FEBRUARY, MARCH

CHAMPION, FIRST, SECOND = 1, 2, 3
# What the steps only read: of these one copy does for all tries.
READ_ONLY = ("raw", "quarantine", "validations", "features", "joined")


def recipe(spec: ModelSpec, **training: object) -> ModelSpec:
    return spec.model_copy(update={"training": spec.training.model_copy(update=training)}, deep=True)


def rival_spec(name: str | None = None) -> ModelSpec:
    """To be promoted one has to be better than the champion. name: one of its own if left out, for tests share one
    server."""
    shipped = find_model("flight_delay")
    better = VersusChampion(kind="versus_champion", metric="auc", better_by=0.0)
    own = shipped.model_copy(update={"name": name or f"delay_{uuid.uuid4().hex[:8]}", "gates": [better]}, deep=True)
    return recipe(own, baselines=[], max_rounds=10, walk_forward_windows=1)


def recipe_of(spec: ModelSpec, version: int) -> ModelSpec:
    """The spec that the version was trained by."""
    return recipe(spec, max_rounds=1) if version == CHAMPION else recipe(spec, seed=version)


def prepare(spec: ModelSpec, store: Store, registry: Registry) -> None:
    """Version 1 in force from March; versions 2 and 3, both of April, evaluated against it and waiting."""
    one_tree = recipe_of(spec, CHAMPION)
    assemble.run(one_tree, FEBRUARY, store)
    for step in (train, evaluate, promote):
        step.run(one_tree, FEBRUARY, store, registry)
    assemble.run(spec, MARCH, store)
    for version in (FIRST, SECOND):
        own = recipe_of(spec, version)
        train.run(own, MARCH, store, registry)
        before = champion_before(store, spec.name, MARCH.as_of)
        judged = examine(own, MARCH, store, registry, candidate_of(store, spec.name, version), before)
        assert (judged.verdict, judged.champion_version) == ("pass", CHAMPION), judged.sentence


def reset(store: Store, prepared: Path) -> None:
    """Make the store again what it was when it was prepared."""
    for folder in Path(store.uri).iterdir():
        if folder.name not in READ_ONLY:
            shutil.rmtree(folder)
    for folder in prepared.iterdir():
        if folder.name not in READ_ONLY:
            shutil.copytree(folder, Path(store.uri) / folder.name)
