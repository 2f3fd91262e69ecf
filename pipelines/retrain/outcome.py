"""What came of a retrain decision: its run, its candidate, the verdict on it and its promotion.

All are found by the decision's as-of time, which is the time that its training is as of.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.candidate import candidate_of, read_candidate
from pipelines.champions import promotions
from pipelines.gates.attempts import EVALUATION
from pipelines.gates.gate import Verdict
from pipelines.journal import Event, everything, select
from pipelines.layout import candidate, candidate_version
from pipelines.store import Store
from pipelines.training_set import stamp


@dataclass(frozen=True)
class Outcome:
    """run_id: of the run that the decision triggers, and triggers once; triggers: whether it does. version: of the
    candidate as of its time, None while there is none. cost: of its training."""

    run_id: str
    version: int | None
    verdict: Verdict | None
    promoted: bool
    cost: dict[str, float | None]
    triggers: bool = True

    @property
    def sentence(self) -> str:
        if self.version is None and not self.triggers:
            return "on record alone: it was made in a backfill or by hand, and triggered nothing"
        if self.version is None:
            return f"no candidate yet of run {self.run_id}"
        if self.promoted:
            return f"version {self.version} took force"
        judged = {None: "is not evaluated yet", "pass": "passed its gates and is not in force"}
        stays = {"fail": "failed its gates", "cannot_tell": "stays a candidate, for its rows cannot tell"}
        return f"version {self.version} {(judged | stays)[self.verdict]}"


def triggers(decision: Event) -> bool:
    """Whether a training follows; taken to where the decision does not say, as those of earlier versions."""
    return decision.content["decision"] == "retrain" and bool(decision.content.get("triggers", True))


def run_id_of(decision_key: str) -> str:
    """Of the one run that a decision triggers; Airflow allows letters, digits and _.~:+-"""
    return f"retrain__{re.sub(r'[^A-Za-z0-9_.~:+-]', '-', decision_key)}"


def outcome_of(store: Store, model: str, decision: Event) -> Outcome | None:
    """By what the store holds now; None for a decision that does not retrain."""
    return outcome_by(everything(store), store, model, decision)


def outcome_by(said: Sequence[Event], store: Store, model: str, decision: Event) -> Outcome | None:
    """What `outcome_of` gives, by events that were read already."""
    if decision.content["decision"] != "retrain":
        return None
    judged = verdict_on(said, model, decision.at)
    version = judged.content["version"] if judged else _trained(store, model, decision.at)
    kept = version is not None and store.exists(candidate_version(model, version))
    return Outcome(
        run_id=run_id_of(decision.key),
        version=version,
        verdict=judged.content["verdict"] if judged else None,
        promoted=any(
            (one.champion.version, one.champion.effective_from) == (version, decision.at)
            for one in promotions(said, model)
        ),
        cost=candidate_of(store, model, version).cost if kept and version is not None else {},
        triggers=triggers(decision),
    )


def verdict_on(said: Sequence[Event], model: str, as_of: datetime) -> Event | None:
    """The last evaluation of a candidate as of the time."""
    judged = [event for event in select(said, EVALUATION, model) if event.at == as_of]
    return max(judged, key=lambda event: event.number or 0, default=None)


def _trained(store: Store, model: str, as_of: datetime) -> int | None:
    known = store.exists(candidate(model, stamp(as_of)))
    return read_candidate(store, model, as_of).version if known else None
