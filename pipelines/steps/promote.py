"""Put a candidate that passed its gates into force, from the as-of time on: atomically, and never over another."""

from typing import Any

from pipelines.approval import approval_of
from pipelines.candidate import Candidate, read_candidate
from pipelines.champions import AnotherChampion, Champion, champion_as_of, champions, promote, refuse_withdrawn
from pipelines.errors import MissingInput, NothingToDo, Unavailable
from pipelines.flow import StepResult
from pipelines.gates.attempts import newest_verdict
from pipelines.gates.evaluation import Evaluation, digest_of_gates
from pipelines.gates.evaluations import read_evaluation
from pipelines.gates.examination import examine
from pipelines.interval import Interval, parse_time
from pipelines.journal import everything
from pipelines.layout import evaluation
from pipelines.projection import project
from pipelines.registry import Registry
from pipelines.release.recording import seal_and_show
from pipelines.spec import ModelSpec
from pipelines.store import Store

RIVALS = 8


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Promote the candidate of the interval, see `put_in_force`.

    Raises MissingInput when nothing was trained or evaluated as of this time.
    """
    return put_in_force(spec, interval, store, registry, read_candidate(store, spec.name, interval.as_of))


def put_in_force(spec: ModelSpec, interval: Interval, store: Store, registry: Registry, made: Candidate) -> StepResult:
    """Journal the promotion, then make MLflow's alias show it.

    A candidate that was measured against another champion than the one in force at its time, or by other gates
    than the spec's, is measured anew first. Raises NothingToDo when a gate failed or a person said no: the champion
    stays.
    """
    judged = _evaluation(spec, interval, store, made)
    registry.version(spec.name, made.version)
    champion = Champion(made.version, made.run_id, interval.as_of, parse_time(made.as_of))
    for _ in range(RIVALS):
        refuse_withdrawn(everything(store), spec.name, made.version)
        rival = champion_as_of(store, spec.name, interval.as_of)
        if rival is not None and rival.version == made.version:
            return _result(spec, interval, store, registry, champion, new=False)
        in_force = None if rival is None else rival.version
        if (outdated := _outdated(spec, judged, in_force)) is not None:
            print(f"{outdated}: once more")
            judged = examine(spec, interval, store, registry, made, rival)
        answer = _answer(spec, store, judged)
        try:
            new = promote(store, spec.name, champion, judged.digest, judged.champion_version, answer)
        except AnotherChampion:
            continue
        return _result(spec, interval, store, registry, champion, new)
    raise Unavailable(
        f"{spec.name}: another version took force at {interval.as_of:%F} in each of {RIVALS} attempts to promote "
        f"version {made.version}; see python -m pipelines status {spec.name}, then run the step again"
    )


def _evaluation(spec: ModelSpec, interval: Interval, store: Store, made: Candidate) -> Evaluation:
    """As the evaluate step left it: its file is believed only where the journal, which is written last, agrees."""
    path = evaluation(spec.name, made.version)
    judged = read_evaluation(store, spec.name, made.version)
    said = newest_verdict(everything(store), spec.name, made.version, interval.as_of)
    recorded = None if said is None else said.content.get("digest")
    if judged is None or judged.as_of != interval.as_of.isoformat():
        wrong = f"version {made.version} has no evaluation as of {interval.as_of:%F}"
    elif judged.digest != recorded:
        wrong = (
            f"{store.location(path)} holds evaluation {judged.digest[:12]}, but the journal "
            f"{f'has {recorded[:12]}' if recorded else 'has none'} of version {made.version} as of "
            f"{interval.as_of:%F}: the file was changed, or its evaluate step was ended before it was done"
        )
    else:
        return judged
    raise MissingInput(
        f"{spec.name}: {wrong}. Evaluate it: python -m pipelines evaluate --model {spec.name} "
        f"--start {interval.start:%F} --end {interval.end:%F}"
    )


def _outdated(spec: ModelSpec, judged: Evaluation, in_force: int | None) -> str | None:
    """Why the evaluation does not decide any more; None where it does."""
    if judged.champion_version != in_force:
        return f"measured against {_named(judged.champion_version)}, but {_named(in_force)} is in force"
    if judged.gates_digest != digest_of_gates(spec.gates):
        return f"the gates of {spec.name} were changed since version {judged.version} was evaluated"
    return None


def _answer(spec: ModelSpec, store: Store, judged: Evaluation) -> dict[str, Any] | None:
    """What a person said to the evaluation; None where the gates alone decided.

    Raises NothingToDo when gates or person are against it, MissingInput when nobody answered yet.
    """
    policy, stays = spec.approval, "the champion stays in force"
    given = None if policy is None else approval_of(store, spec.name, judged.version, judged.digest)
    if given is not None and not given.lets_promote:
        raise NothingToDo(f"{spec.name}: {given.sentence}; {stays}")
    override = given is not None and given.answer == "override"
    if judged.verdict != "pass" and not (override and policy is not None and policy.override):
        raise NothingToDo(f"{spec.name}: {judged.sentence}; {stays}")
    if given is None and policy is not None and policy.required:
        raise MissingInput(
            f"{spec.name}: version {judged.version} passed its gates against {_named(judged.champion_version)} and "
            f"waits for a person: python -m pipelines approve {spec.name} {judged.version} --approve --by … "
            f"--evaluation {judged.digest[:12]}"
        )
    if given is None:
        return None
    told = {"by": given.by, "at": given.at, "note": given.note}
    return told | {"override": override, "timed_out": given.timed_out}


def _named(version: int | None) -> str:
    return "no champion" if version is None else f"version {version}"


def _result(
    spec: ModelSpec, interval: Interval, store: Store, registry: Registry, champion: Champion, new: bool
) -> StepResult:
    project(store, registry, spec.name)
    seal_and_show(store, registry, spec.name, champion.version)
    newest = champions(store, spec.name)[-1]
    ahead = newest.version != champion.version
    behind = f"; version {newest.version} is in force from {newest.effective_from:%F}" if ahead else ""
    since = f"champion from {interval.as_of:%F}"
    return StepResult(
        step="promote",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"version {champion.version} is {'now' if new else 'already'} {since}{behind}",
        references={"evaluation": evaluation(spec.name, champion.version), "run_id": champion.run_id},
        figures={"version": champion.version, "effective_from": interval.as_of.isoformat()},
    )
