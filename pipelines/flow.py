"""The table of steps: read this first.

Each step is `python -m pipelines NAME --model|--dataset … --start … --end …` wherever it runs; those that a person
asks for are `python -m pipelines rollback MODEL --reason … --by …` and `python -m pipelines backtest MODEL`.
Its inputs are the outputs of earlier steps; a test checks that, and that DAGs and README agree.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

Family = Literal["data", "train", "predict", "monitor", "rollback", "backtest"]
FAMILIES: tuple[Family, ...] = ("data", "train", "predict", "monitor", "rollback", "backtest")


@dataclass(frozen=True)
class Step:
    """pool_slots: of Airflow's default pool; as many as the step keeps cores busy."""

    name: str
    family: Family
    reads: tuple[str, ...]
    writes: str
    summary: str
    timeout_min: int = 30
    pool_slots: int = 1

    @property
    def subject(self) -> Literal["dataset", "model"]:
        return "dataset" if self.family == "data" else "model"


STEPS = (
    Step("ingest", "data", (), "raw snapshot", "pull one partition from the source into the raw table"),
    Step("validate", "data", ("raw snapshot",), "validated partition", "hold the partition to its contract"),
    Step("featurize", "data", ("validated partition",), "features", "build the feature rows of the partition"),
    Step("materialize", "data", ("features",), "online features", "load the newest values to the online store"),
    Step(
        "assemble",
        "train",
        ("validated partition", "features"),
        "training set",
        "join features to labels, point in time, for training and evaluation",
    ),
    Step(
        "train",
        "train",
        ("training set",),
        "candidate",
        "fit the model and log it to MLflow",
        timeout_min=120,
        pool_slots=2,
    ),
    Step("evaluate", "train", ("training set", "candidate"), "evaluation", "hold the candidate to its gates"),
    Step("promote", "train", ("candidate", "evaluation"), "champion", "put a candidate that passed into force"),
    Step(
        "predict",
        "predict",
        ("champion", "features"),
        "predictions",
        "score the partition with the champion as of its start",
    ),
    Step(
        "detect_drift",
        "monitor",
        ("predictions", "features"),
        "drift report",
        "compare inputs, predictions and quality with the reference",
    ),
    Step(
        "decide_retrain",
        "monitor",
        ("drift report",),
        "retrain decision",
        "journal whether to retrain, and why",
    ),
    Step(
        "alert",
        "monitor",
        ("drift report", "retrain decision"),
        "alert",
        "tell people, once, what was found and decided",
        timeout_min=10,
    ),
    Step(
        "rollback",
        "rollback",
        ("champion", "features", "predictions"),
        "champion put back",
        "put the previous champion back, once it has been proven to serve",
        timeout_min=5,
    ),
    Step(
        "backtest",
        "backtest",
        ("validated partition", "features"),
        "policy comparison",
        "replay policies of retraining over history, and recommend one",
        timeout_min=120,
        pool_slots=2,
    ),
)

BY_NAME = {step.name: step for step in STEPS}


def steps_of(family: Family) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.family == family)


@dataclass(frozen=True)
class StepResult:
    """What a step leaves for the next one and for people: references and figures, never data.

    outcome: one sentence. references: names of what was written (table versions, URIs, digests).
    figures: numbers and short strings worth a column in a table. summary: Markdown for a person who decides.
    cost: of the process that ran it, as `pipelines.release.provenance.Cost` has it.
    """

    step: str
    subject: str
    start: str
    end: str
    outcome: str
    references: dict[str, str] = field(default_factory=dict)
    figures: Mapping[str, float | int | str | bool | None] = field(default_factory=dict)
    summary: str = ""
    cost: Mapping[str, float | None] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)
