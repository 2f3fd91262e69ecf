"""Measurements of a sound model, and evidence of serving it."""

from dataclasses import replace

from pipelines.gates.evidence import Evidence
from pipelines.gates.serving import Probe, Serving, Unmeasured
from pipelines.gates.serving_probe import Measurements
from pipelines.spec import find_model
from pipelines.training_set import feature_names
from tests.pipelines.gates.hand_written import CANDIDATE, CHAMPION, RIGHT, evidence

SOUND = Measurements(
    model_digest=CANDIDATE.model_digest,
    columns=feature_names(find_model("flight_delay")),
    rows=5000,
    batches=["same", "same"],
    batch_gap=0.0,
    finite=True,
    lowest=0.1,
    highest=0.9,
    p50_ms=1.0,
    p99_ms=4.0,
    rows_per_s=100_000.0,
    model_mb=0.5,
    peak_memory_mb=10.0,
)


CRASHED = Unmeasured("exit code 1: RuntimeError: unpickling is forbidden here")
TIMED_OUT = Unmeasured("it did not finish within 180 s", timed_out=True)


def served(
    candidate: Measurements | Unmeasured = SOUND,
    champion: Measurements | Unmeasured | None = None,
    cpu_s=(20.0, 10.0),
):
    """Evidence with what the probes found of both. cpu_s: of training either."""

    def probe(found: Measurements | Unmeasured, trained: float | None) -> Probe:
        return Probe(CANDIDATE.model_digest, trained, found)

    serving = Serving(probe(candidate, cpu_s[0]), None if champion is None else probe(champion, cpu_s[1]))
    return replace(evidence(RIGHT, serving=serving), champion=None if champion is None else CHAMPION)


def sound_but(**other) -> Measurements:
    return replace(SOUND, **other)


def evidence_of(task: str, **other) -> Evidence:
    """Served as above, but for a model of that task."""
    found = served(sound_but(**other))
    target = find_model("arrival_minutes" if task == "regression" else "flight_delay").target
    return replace(found, spec=found.spec.model_copy(update={"target": target}))
