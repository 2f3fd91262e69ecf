"""The journal of retrain decisions: each with all that it rests on, so that it can be made again from that alone.

A decision is one event of a model and an as-of time. A decision that triggers a training stands for good, for its run
may be there. Any other, also one to retrain that a backfill put on record, stands while the report and the policy say
the same and the answer is the same: that the journal has gone on since is no reason to write the past anew. Decisions
see each other: each is made from the very journal that it is written after, so that of many at once one retrains.
"""

import json
from datetime import datetime
from typing import Any

from pipelines.drift.policy import Decision, RetrainState, Signal, decide
from pipelines.drift.report import DriftReport
from pipelines.journal import Event, record_decided, select
from pipelines.monitoring_spec import Retrain
from pipelines.retrain.outcome import triggers
from pipelines.retrain.serving import stop_event
from pipelines.retrain.signals import signals_of
from pipelines.retrain.state import DECISION, Measured, measure, retrain_state
from pipelines.spec import ModelSpec
from pipelines.store import Store

OF_THE_REPORT = ("scored_by", "quality", "cause", "sentence")


def decide_and_record(
    spec: ModelSpec, store: Store, report: DriftReport, as_of: datetime, triggered: bool = False
) -> Event:
    """Journal the decision on a drift report; returns the one that stands.

    triggered: whoever asks triggers the training that is decided on. Only such a decision counts for later ones: for
    cooldown and budget, and as an answer to its signals. Raises MissingInput without a champion.
    """
    signals = signals_of(report)
    measured: list[Measured] = []
    stands: list[Event] = []

    def decided(said: list[Event]) -> list[Event]:
        earlier = [event for event in select(said, DECISION, spec.name) if event.at == as_of]
        if earlier and triggers(earlier[0]):
            stands[:] = earlier
            return []
        if not measured:  # of times before this one, so that what others write meanwhile is no part of it
            measured.append(measure(store, spec, said, as_of))
        state = retrain_state(spec, said, report, as_of, signals, measured[0])
        made = decide(spec.retrain, state, signals)
        content = _content(spec.retrain, report, state, signals, made)
        content["triggers"] = triggered and made.answer == "retrain"
        anew = Event(DECISION, spec.name, as_of, content)
        stands[:] = [event for event in earlier if _says_the_same(event, anew)] or [anew]
        new = [*stands, *_stop(spec.name, as_of, report.part, made, said)]
        return [event for event in new if event not in said]

    record_decided(store, decided)
    return stands[0]


def replay(decision: Event) -> Decision:
    """The decision made again, from what was journalled with it alone."""
    inputs = decision.content["inputs"]
    signals = [Signal.model_validate_json(json.dumps(signal)) for signal in inputs["signals"]]
    return decide(
        Retrain.model_validate_json(json.dumps(inputs["policy"])),
        RetrainState.model_validate_json(json.dumps(inputs["state"])),
        signals,
    )


def _content(
    policy: Retrain, report: DriftReport, state: RetrainState, signals: list[Signal], made: Decision
) -> dict[str, Any]:
    return {
        "part": report.part,
        "decision": made.answer,
        "reason": made.reason,
        "acted_on": made.acted_on,
        "severity": report.severity,
        "model_version": report.model_version,
        "inputs": {
            "policy": policy.model_dump(mode="json"),
            "state": state.model_dump(mode="json"),
            "signals": [signal.model_dump(mode="json") for signal in signals],
        },
    }


def _says_the_same(earlier: Event, anew: Event) -> bool:
    """Whether the answer and all that comes from the report and the policy are equal; what a decision rests on was
    not always kept with it."""
    if "inputs" not in earlier.content:
        return False

    def told(event: Event) -> dict[str, Any]:
        inputs = event.content["inputs"]
        of_report = {name: inputs["state"][name] for name in OF_THE_REPORT}
        rests_on = {"policy": inputs["policy"], "signals": inputs["signals"], "state": of_report}
        own = {name: event.content[name] for name in ("part", "decision", "severity", "model_version")}
        return own | rests_on | {"triggers": triggers(event)}

    return told(earlier) == told(anew)


def _stop(model: str, as_of: datetime, part: str, made: Decision, said: list[Event]) -> list[Event]:
    """The stop of serving that goes with the decision, written once: a person may have lifted it since.

    A window with later ones decided on stops nothing: to look at the past again says nothing of the data of now.
    """
    stop = stop_event(model, as_of, part, made.reason)
    is_past = any(event.at > as_of for event in select(said, DECISION, model))
    return [stop] if made.answer == "stop" and not is_past and all(event.key != stop.key for event in said) else []
