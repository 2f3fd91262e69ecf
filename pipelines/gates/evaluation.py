"""The whole of a candidate's gates, and the record of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipelines.gates.evidence import Evidence
from pipelines.gates.gate import Gate, GateResult, Verdict, without_times
from pipelines.metrics import Measured, measure_all


@dataclass(frozen=True)
class Evaluation:
    """metrics: by whose scores (candidate, champion, a baseline), by metric, on the newest window. window: its
    ISO start and end, UTC. champion_rows: how many of the rows the champion was not trained on. gates_digest: of
    the gates' declarations, see `digest_of_gates`; empty in one from before it was kept."""

    model: str
    as_of: str
    version: int
    champion_version: int | None
    attempt: int
    window: tuple[str, str]
    scores: str
    rows: int
    champion_rows: int
    verdict: Verdict
    gates: list[GateResult]
    metrics: dict[str, dict[str, Measured]]
    gates_digest: str = ""

    @property
    def stopped_by(self) -> list[GateResult]:
        return [gate for gate in self.gates if gate.stops]

    @property
    def sentence(self) -> str:
        named = {
            verdict: ", ".join(f"{gate.kind} on {gate.metric}" for gate in self.stopped_by if gate.verdict == verdict)
            for verdict in ("fail", "cannot_tell")
        }
        if self.verdict == "fail":
            return f"version {self.version} fails {named['fail']}: it stays a candidate"
        if self.verdict == "cannot_tell":
            return f"version {self.version} stays a candidate, for these rows cannot tell: {named['cannot_tell']}"
        against = f" against champion {self.champion_version}" if self.champion_version else ", the first"
        return f"version {self.version} passes all {len(self.gates)} gates{against}"

    @property
    def digest(self) -> str:
        """SHA-256 of all that is decided from the data; measured times stand outside."""
        content = asdict(self)
        content["gates"] = without_times(content["gates"])
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, content: bytes) -> "Evaluation":
        raw: dict[str, Any] = json.loads(content)
        raw["window"] = tuple(raw["window"])
        raw["gates"] = [GateResult(**gate) for gate in raw["gates"]]
        raw["metrics"] = {
            who: {name: Measured(**measured) for name, measured in of.items()} for who, of in raw["metrics"].items()
        }
        return cls(**raw)


def evaluate(evidence: Evidence, window: tuple[str, str]) -> Evaluation:
    """Hold the evidence to every gate of the spec; none may stop the candidate."""
    results = [gate.judge(evidence) for gate in evidence.spec.gates]
    stopping = {result.verdict for result in results if result.stops}
    return Evaluation(
        model=evidence.spec.name,
        as_of=evidence.as_of.isoformat(),
        version=evidence.candidate.version,
        champion_version=evidence.champion.version if evidence.champion else None,
        attempt=evidence.attempt,
        window=window,
        scores=evidence.candidate.scores,
        rows=len(evidence.rows),
        champion_rows=int((~np.isnan(evidence.rows.champion)).sum()),
        verdict="fail" if "fail" in stopping else "cannot_tell" if stopping else "pass",
        gates=results,
        metrics=_metrics(evidence),
        gates_digest=digest_of_gates(evidence.spec.gates),
    )


def digest_of_gates(gates: Sequence[Gate]) -> str:
    """SHA-256 of the gates as they are declared, in their order."""
    declared = [gate.model_dump(mode="json") for gate in gates]
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def _metrics(evidence: Evidence) -> dict[str, dict[str, Measured]]:
    rows, task, moved = evidence.rows, evidence.spec.target.task, evidence.on_device
    found = {
        who: measure_all(task, moved(rows.label), moved(values), rows.day)
        for who, values in {"candidate": rows.candidate, **rows.baselines}.items()
    }
    known = rows.where(~np.isnan(rows.champion))
    if len(known) and (task == "regression" or len(np.unique(known.label)) == 2):
        found["champion"] = measure_all(task, moved(known.label), moved(known.champion), known.day)
    return found
