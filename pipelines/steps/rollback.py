"""Put the previous champion back: prove that it serves, withdraw the bad one, and void what that one scored."""

from collections.abc import Sequence

from pipelines.champions import Promotion, in_force_at
from pipelines.errors import CallerError, TrainyardError
from pipelines.flow import StepResult
from pipelines.journal import Event, everything
from pipelines.projection import project
from pipelines.proof import Proof, prove
from pipelines.registry import Registry
from pipelines.release.recording import seal_and_show
from pipelines.rollback import (
    NONE,
    Request,
    alternatives,
    choose,
    done_already,
    left_none,
    none_command,
    put_back,
    train_command,
)
from pipelines.spec import ModelSpec
from pipelines.store import Store
from pipelines.voids import ScoredPartition, rescore_command, void_partitions


def run(spec: ModelSpec, request: Request, store: Store, registry: Registry) -> StepResult:
    """Prove first, then journal in one commit, then make MLflow show it and verify that both agree.

    Nothing changes when the proof fails. A rollback that was done is not done twice: the second call mends the
    alias if need be. Raises CallerError when there is nothing to roll back to, or when it cannot serve.
    """
    if request.to == NONE:
        return _leave_none(spec, request, store, registry)
    said = everything(store)
    done = done_already(said, spec.name, request)
    if done is not None:
        return _told(spec, store, registry, done, f"done already: {_story(done)}; to go further back name one: --to …")
    choice = choose(said, spec.name, request)
    assert choice.good is not None
    proof = _proven(spec, store, registry, said, choice.bad.version, choice.good.champion.version)
    put_back(spec, store, request, choice)
    done = done_already(everything(store), spec.name, request)
    assert done is not None
    return _told(spec, store, registry, done, f"{_story(done)}; it {proof}")


def _leave_none(spec: ModelSpec, request: Request, store: Store, registry: Registry) -> StepResult:
    """Withdraw the champion and put no other in its place: nothing is to be proven."""
    said, already = everything(store), "done already: "
    gone = left_none(said, spec.name)
    if gone is None:
        put_back(spec, store, request, choose(said, spec.name, request))
        gone, already = left_none(everything(store), spec.name), ""
        assert gone is not None
    project(store, registry, spec.name)
    _verify(spec, store, registry, None)
    void = [one.scored for one in void_partitions(spec, store)]
    since = gone.since.isoformat()
    return StepResult(
        step="rollback",
        subject=spec.name,
        start=since,
        end=since,
        outcome=f"{already}version {gone.version} was withdrawn by {gone.by} ({gone.reason}) from {gone.since:%F}; "
        f"none is in force now; train one: {train_command(spec.name)}; {_next(spec, void)}",
        references={"next": train_command(spec.name)},
        figures={"withdrawn": gone.version, "void_partitions": len(void)},
    )


def _proven(spec: ModelSpec, store: Store, registry: Registry, said: Sequence[Event], bad: int, version: int) -> Proof:
    try:
        return prove(spec, store, registry, version)
    except CallerError as error:
        others = alternatives(said, spec.name, [bad, version])
        named = f"Name another: --to {' or '.join(map(str, others))}" if others else "No other was ever in force"
        raise CallerError(
            f"{spec.name}: version {version} cannot be put back, and nothing was changed: {error}. {named}; "
            f"or leave none in force: {none_command(spec.name)}; then train another: {train_command(spec.name)}"
        ) from error


def _story(done: Promotion) -> str:
    gone, good = done.content["rollback"], done.champion
    return (
        f"version {gone['version']} was withdrawn by {gone['by']} ({gone['reason']}), "
        f"version {good.version} is in force from {good.effective_from:%F}"
    )


def _told(spec: ModelSpec, store: Store, registry: Registry, done: Promotion, outcome: str) -> StepResult:
    version = done.champion.version
    project(store, registry, spec.name)
    _verify(spec, store, registry, version)
    seal_and_show(store, registry, spec.name, version)
    void = [one.scored for one in void_partitions(spec, store)]
    since = done.champion.effective_from.isoformat()
    return StepResult(
        step="rollback",
        subject=spec.name,
        start=since,
        end=since,
        outcome=f"{outcome}; {_next(spec, void)}",
        references={"next": rescore_command(spec.name, void)} if void else {},
        figures={"version": version, "withdrawn": done.content["rollback"]["version"], "void_partitions": len(void)},
    )


def _verify(spec: ModelSpec, store: Store, registry: Registry, version: int | None) -> None:
    shown, champion = registry.shown(spec.name), in_force_at(everything(store), spec.name)
    alias, newest = None if shown is None else shown.alias, None if champion is None else champion.version
    if alias != version or newest != version:
        raise TrainyardError(
            f"{spec.name}: {'none' if version is None else f'version {version}'} was to be in force, "
            f"but MLflow's alias names {alias} and the journal {newest}. "
            f"Look: python -m pipelines registry check {spec.name}"
        )


def _next(spec: ModelSpec, void: Sequence[ScoredPartition]) -> str:
    if not void:
        return "no predictions are void"
    return f"predictions of {', '.join(one.part for one in void)} are void, score them again: " + rescore_command(
        spec.name, void
    )
