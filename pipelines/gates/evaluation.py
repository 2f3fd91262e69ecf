"""The whole of a candidate's gates, and the record of it."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.gates.rules import Evidence, GateResult, Verdict, judge
from pipelines.metrics import Measured, measure_all
from pipelines.spec import Gate, Task


@dataclass(frozen=True)
class Evaluation:
    """metrics: by whose scores (candidate, champion, a baseline), by metric. window: ISO start and end, UTC."""

    model: str
    as_of: str
    version: int
    champion_version: int | None
    window: tuple[str, str]
    scores: str
    rows: int
    verdict: Verdict
    gates: list[GateResult]
    metrics: dict[str, dict[str, Measured]]

    @property
    def sentence(self) -> str:
        failed = [f"{gate.kind} on {gate.metric}" for gate in self.gates if gate.verdict == "fail"]
        if failed:
            return f"version {self.version} fails {', '.join(failed)}: it stays a candidate"
        against = f" against champion {self.champion_version}" if self.champion_version else ", the first"
        return f"version {self.version} passes all {len(self.gates)} gates{against}"

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


@dataclass(frozen=True)
class Subject:
    """What is evaluated: a version, as of a time, on a window, against a champion or none; scores: their file."""

    model: str
    as_of: str
    version: int
    champion_version: int | None
    window: tuple[str, str]
    scores: str


def evaluate(subject: Subject, task: Task, gates: list[Gate], evidence: Evidence) -> Evaluation:
    """Hold the evidence to every gate; all must pass."""
    results = [judge(gate, evidence) for gate in gates]
    scores = {"candidate": evidence.candidate, **evidence.baselines}
    if evidence.champion is not None:
        scores["champion"] = evidence.champion
    return Evaluation(
        **vars(subject),
        rows=len(evidence.label),
        verdict="fail" if any(result.verdict == "fail" for result in results) else "pass",
        gates=results,
        metrics={who: measure_all(task, evidence.label, values, evidence.day) for who, values in scores.items()},
    )
