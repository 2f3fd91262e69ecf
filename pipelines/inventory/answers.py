"""What the inventory answers about models, as JSON with a schema. Times are UTC."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from pipelines.drift.report import Cause
from pipelines.drift.series import Severity
from pipelines.gates.gate import Verdict
from pipelines.spec_words import Metric, Strict


class Quality(Strict):
    """The watched metric in one window, scored before its labels were known; low and high: 95 %, clustered by day.

    labelled: share of its rows; final: whether that is enough to judge by."""

    part: str
    ended_at: datetime
    version: int
    metric: Metric
    value: float
    low: float | None
    high: float | None
    labelled: float
    final: bool


class InForce(Strict):
    """promoted_at: by the clock; None in a promotion from before that was kept. by: who answered for it."""

    version: int
    effective_from: datetime
    trained_until: datetime
    promoted_at: datetime | None
    by: str


class Drift(Strict):
    """document: path of the window's drift page, below the store."""

    part: str
    as_of: datetime
    severity: Severity
    cause: Cause | None
    sentence: str
    reasons: list[str]
    document: str


class Judged(Strict):
    """sentence: empty in an evaluation from before the journal kept it."""

    version: int
    as_of: datetime
    verdict: Verdict
    sentence: str
    against: int | None


class Waiting(Strict):
    """A question that nobody has answered. evaluation: the digest of what is to be answered for."""

    version: int
    evaluation: str
    asked_at: datetime
    until: datetime


class Said(Strict):
    """What a person or the monitor said. until: of a freeze."""

    by: str
    reason: str
    at: datetime
    until: datetime | None = None


class Decided(Strict):
    part: str | None
    as_of: datetime
    answer: str
    reason: str


class Cost(Strict):
    """Of trainings that were judged in the last 30 days by the clock. gpu_s: of those that told it."""

    trainings: int
    cpu_s: float
    gpu_s: float


class Attention(Strict):
    """Why a model needs a person. rank: the greater, the sooner."""

    kind: Literal["serving_stopped", "approval", "decision", "drift", "gates", "no_champion"]
    rank: int
    sentence: str


class ModelRow(Strict):
    """One model as the list shows it. attention: the most urgent first. next_runs: by family of its DAGs."""

    model: str
    dataset: str
    description: str
    owner: str
    tags: list[str]
    metric: Metric
    higher_is_better: bool
    champion: InForce | None
    quality: list[Quality]
    drift: Drift | None
    gates: Judged | None
    decision: Decided | None
    waiting: Waiting | None
    frozen: Said | None
    stopped: Said | None
    cost: Cost
    attention: list[Attention]
    next_runs: dict[str, datetime] = Field(default_factory=dict)
    paused: list[str] = Field(default_factory=list, description="Families whose DAG is paused.")


class Mark(Strict):
    """Something that happened, on the time axis of what it is about. at: the as-of time."""

    kind: Literal["promotion", "rollback", "alarm", "retrain", "candidate", "freeze", "stop"]
    at: datetime
    sentence: str
    by: str | None = None
    version: int | None = None
    severity: Severity | None = None
    part: str | None = None


class Entry(Strict):
    """A line of the journal for people. written_at: by the clock; None in one from before that was kept."""

    written_at: datetime | None
    as_of: datetime
    action: str
    who: str
    what: str
    why: str


class Candidate(Strict):
    version: int
    as_of: datetime
    verdict: Verdict
    sentence: str
    against: int | None
    cpu_s: float | None
    gpu_s: float | None
    promoted: bool
    withdrawn: bool


class FeatureView(Strict):
    """names: of the model's features in it. age_h: when they were used in the newest monitored window, on its worst
    day; None where the view has no age or nothing was monitored."""

    view: str
    owner: str
    refresh: str
    source: str
    names: list[str]
    age_h: float | None


class Card(Strict):
    """The release record of the version in force, in what people ask of it first."""

    version: int
    record: str
    as_of: str
    first: str
    last: str
    rows: int
    training_set: str
    tables: dict[str, list[int | None]] = Field(description="Versions of each raw table that it was trained on.")
    commit: str | None
    mlflow_run: str
    approval: str
    cpu_s: float | None
    gpu_s: float | None
    metrics: dict[str, dict[str, dict[str, float | None]]]
    features: list[FeatureView]


class ModelPage(Strict):
    row: ModelRow
    marks: list[Mark]
    candidates: list[Candidate]
    entries: list[Entry]
    card: Card | None
