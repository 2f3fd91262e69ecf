"""What a gate is: a declaration in a model's spec, and the rule that holds a candidate to it.

A kind of gate is one subclass of `Gate` in a file of `pipelines/gates/kinds/`; it is found by being
there. Specs are read where no ML library is installed, so those files import such libraries inside
`judge`, never at the top.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from pipelines.spec_words import Baseline, Metric, Strict, Task

if TYPE_CHECKING:
    from pipelines.features import FeatureView
    from pipelines.gates.evidence import Evidence
    from pipelines.metrics import Measured

Verdict = Literal["pass", "fail", "cannot_tell"]
Need = Literal["features", "evaluated", "serving"]
Judged = Annotated[
    Literal["point", "interval"], Field(description="What must keep the bound: the point, or the whole 95 % interval.")
]
# One tail of a 95 % interval.
TAIL = 0.025


@dataclass(frozen=True)
class GateResult:
    """value with its interval (95 % unless `details` give another confidence), the bound it was held against, and
    over how many rows.

    stops: whether this verdict keeps the candidate from being promoted. timed: the numbers are
    measured times, another on each machine, and stand outside of the evaluation's digest.
    details: what the page shows beside it, such as one entry a slice; JSON.
    """

    kind: str
    metric: str
    verdict: Verdict
    sentence: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: float | None = None
    rows: int = 0
    stops: bool = False
    timed: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def without_times(gates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Results as JSON has them; of the timed ones what they decide alone, for a digest of what the data decide."""
    return [{"kind": gate["kind"], "verdict": gate["verdict"]} if gate["timed"] else gate for gate in gates]


class Gate(Strict):
    """needs: what has to be gathered for `judge` beside the scores of the held-out rows (see `Evidence`)."""

    needs: ClassVar[frozenset[Need]] = frozenset()

    kind: str
    cannot_tell: Literal["stay", "promote"] = Field(
        default="stay", description="What 'cannot tell' does: stay with the champion, or not stand in the way."
    )
    report_only: bool = Field(default=False, description="Shown with the evaluation, never stops a candidate.")

    @property
    def metrics(self) -> list[Metric]:
        """The metrics it asks for: they must fit the model's task."""
        return []

    @property
    def baselines(self) -> list[Baseline]:
        """The baselines it compares with: the training must fit them."""
        return []

    @property
    def task(self) -> Task | None:
        """The only task it can judge; None for any."""
        return None

    @property
    def feature_columns(self) -> list[str]:
        """The features it reads: the dataset must declare them."""
        return []

    def misfit(self, views: "Sequence[FeatureView]") -> str | None:
        """What else is wrong with the features that it names, beside one that the dataset does not declare."""
        return None

    @property
    def windows(self) -> int:
        """How many walk-forward windows it pools."""
        return 1

    @property
    def subject(self) -> str:
        """What it is about, in a word or two."""
        return ", ".join(self.metrics) or self.kind

    def judge(self, evidence: "Evidence") -> GateResult:
        """Hold the evidence to this gate."""
        raise NotImplementedError(f"{type(self).__name__} has no rule: give it a judge(evidence)")

    def result(self, verdict: Verdict, sentence: str, measured: "Measured | None" = None, **rest: Any) -> GateResult:
        """A result of this gate; rest: any other field of GateResult."""
        told = {} if measured is None else {"value": measured.value, "low": measured.low, "high": measured.high}
        unsure = verdict == "cannot_tell" and self.cannot_tell == "stay"
        stops = not self.report_only and (verdict == "fail" or unsure)
        return GateResult(
            **{"kind": self.kind, "metric": self.subject, **told, **rest},
            verdict=verdict,
            sentence=sentence,
            stops=stops,
        )


def kinds() -> Iterator[type[Gate]]:
    """Every kind of gate that a file of `pipelines/gates/kinds/` declares, by file and in its order."""
    package = importlib.import_module("pipelines.gates.kinds")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        for declared in vars(module).values():
            ours = isinstance(declared, type) and issubclass(declared, Gate) and declared.__module__ == module.__name__
            if ours and get_args(declared.model_fields["kind"].annotation):
                yield declared
