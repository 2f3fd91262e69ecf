"""Put a candidate that passed its gates into force, from the as-of time on."""

from pipelines.candidate import read_candidate
from pipelines.errors import MissingInput, NothingToDo
from pipelines.flow import StepResult
from pipelines.gates.evaluation import Evaluation
from pipelines.interval import Interval, parse_time
from pipelines.layout import evaluation
from pipelines.registry import Champion, Registry, champions, promote
from pipelines.spec import ModelSpec
from pipelines.store import Store


def run(spec: ModelSpec, interval: Interval, store: Store, registry: Registry) -> StepResult:
    """Journal the promotion, then make MLflow's alias show it.

    Raises NothingToDo when a gate failed: the candidate stays one and the champion stays in force.
    MissingInput when nothing was evaluated as of this time.
    """
    made = read_candidate(store, spec.name, interval.as_of)
    path = evaluation(spec.name, made.version)
    judged = Evaluation.from_json(store.read_file(path)) if store.exists(path) else None
    if judged is None or judged.as_of != interval.as_of.isoformat():
        raise MissingInput(
            f"{spec.name}: version {made.version} has no evaluation as of {interval.as_of:%F}. "
            f"Evaluate it: python -m pipelines evaluate --model {spec.name} "
            f"--start {interval.start:%F} --end {interval.end:%F}"
        )
    if judged.verdict != "pass":
        raise NothingToDo(f"{spec.name}: {judged.sentence}; the champion stays in force")
    registry.version(spec.name, made.version)
    champion = Champion(made.version, made.run_id, interval.as_of, parse_time(made.as_of))
    new = promote(store, spec.name, champion, judged.digest)
    registry.project_champion(store, spec.name, champion)
    newest = champions(store, spec.name)[-1]
    behind = "" if newest == champion else f"; version {newest.version} is in force from {newest.effective_from:%F}"
    return StepResult(
        step="promote",
        subject=spec.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=f"version {made.version} is {'now' if new else 'already'} champion from {interval.as_of:%F}{behind}",
        references={"evaluation": path, "run_id": made.run_id},
        figures={"version": made.version, "effective_from": interval.as_of.isoformat()},
    )
