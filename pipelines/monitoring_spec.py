"""What a model's spec says of watching it: what counts as drift, when to retrain, whom to tell."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipelines.spec_words import Duration, Metric, Name, Strict

DAYS_OF = {"week": 7.0, "month": 365.25 / 12, "quarter": 365.25 / 4, "year": 365.25}
ReferenceWindow = Literal["training", "same_season", "last"]
AlertSeverity = Literal["info", "warning", "critical"]


class FalseAlarms(Strict):
    """How often, on average, alarms may come while nothing is wrong; written "1 per year"."""

    count: float = Field(gt=0)
    per: Literal["week", "month", "quarter", "year"]

    def per_window(self, window_days: float) -> float:
        """The chance of a false alarm in one window of so many days."""
        return min(1.0, self.count * window_days / DAYS_OF[self.per])


def _written_rate(value: Any) -> Any:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) per (week|month|quarter|year)", str(value))
    if not found or float(found[1]) == 0:
        raise ValueError("must be such as '1 per year' (a number, then per week, month, quarter or year)")
    return {"count": float(found[1]), "per": found[2]}


class Persistence(Strict):
    """An alarm counts when it stood in `windows` of the last `of`; written "2 of 3"."""

    windows: int
    of: int


def _written_persistence(value: Any) -> Any:
    found = re.fullmatch(r"(\d+) of (\d+)", str(value))
    if not found or not 1 <= int(found[1]) <= int(found[2]) <= 60:
        raise ValueError("must be such as '2 of 3': windows with the alarm, of the last so many (60 at most)")
    return {"windows": int(found[1]), "of": int(found[2])}


def _no_twins(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice")
    return values


class BusinessFigure(Strict):
    """A number that the business watches, one a window, by DuckDB over its rows."""

    name: Name
    unit: str = Field(min_length=1)
    aggregate: str = Field(
        min_length=3, description="DuckDB aggregate over a window's rows: their columns, `label` and `score`."
    )
    least: float | None = Field(default=None, description="Below this it warns.")
    most: float | None = Field(default=None, description="Above this it warns.")


class Monitoring(Strict):
    """What counts as drift: quality with labels decides, inputs and predictions say why.

    Numbers say what is worth knowing. With `false_alarms`, a series must also be beyond what it reaches
    by chance alone; that bound is computed from the reference and kept with the model's version.
    """

    metric: Metric
    warning_loss: float = Field(gt=0, description="Loss against the reference that is worth a warning.")
    critical_loss: float = Field(gt=0, description="Loss that is critical when its whole interval is beyond it.")
    false_alarms: Annotated[FalseAlarms, BeforeValidator(_written_rate)] | None = Field(
        default=None, description="Such as '1 per year', over all series together; left out: the numbers alone decide."
    )
    persistence: Annotated[Persistence, BeforeValidator(_written_persistence)] = Field(
        default=Persistence(windows=1, of=1), description="Such as '2 of 3' windows, before an alarm triggers anything."
    )
    reference: Annotated[list[ReferenceWindow], AfterValidator(_no_twins)] = Field(
        default=["training"], min_length=1, description="What inputs are compared with; several are blended."
    )
    reference_partitions: int = Field(default=3, ge=1, description="Newest partitions of each reference.")
    label_delay: Duration = Field(default=timedelta(0), description="How long after a row its label is expected.")
    label_coverage: float = Field(default=0.9, gt=0, le=1, description="Labelled share at which a window is final.")
    slices: Annotated[list[Name], AfterValidator(_no_twins)] = Field(
        default_factory=list, description="Columns by whose values quality is also watched."
    )
    psi_warning: float = Field(default=0.2, gt=0, description="PSI that is worth a warning (Siddiqi 2006).")
    null_rate_rise: float = Field(default=0.1, gt=0, le=1)
    unseen_rate: float = Field(default=0.05, gt=0, le=1, description="Share in categories that training never saw.")
    out_of_range_rate: float = Field(default=0.05, gt=0, le=1, description="Share outside the reference's range.")
    volume_change: float = Field(default=0.5, gt=0, description="|log ratio| of rows a day; .5 is -39 % or +65 %.")
    prediction_shift: float = Field(
        default=0.05, gt=0, description="Move of the mean prediction, in its unit, that turns a data fault critical."
    )
    skew_rate: float = Field(default=0.01, gt=0, le=1, description="Share of scores that come out otherwise now.")
    champion_age: Duration | None = Field(default=None, description="Age at which a champion is worth a warning.")
    business: list[BusinessFigure] = Field(default_factory=list)
    sample_rows: int = Field(default=3000, ge=100, description="Rows a side that Evidently draws.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.critical_loss < self.warning_loss:
            raise ValueError("critical_loss must be at least warning_loss")
        return self


class Retrain(Strict):
    """When drift leads to a retraining. Left out, a bound does not bind."""

    at_severity: Literal["warning", "critical"] = "critical"
    cooldown_days: int = Field(default=20, ge=0, description="From one retraining to the next; doubles with failures.")
    least_gain: float = Field(
        default=0.0, ge=0, description="Gain of a fresh model, by the past, in monitoring.metric's unit."
    )
    least_new_partitions: int = Field(default=1, ge=0, description="Partitions since the champion's training.")
    retrains_per_month: int | None = Field(default=None, ge=1)
    gpu_hours_per_month: float | None = Field(default=None, gt=0)
    champion_age: Duration | None = Field(default=None, description="Age at which it is retrained without drift.")
    on_data_fault: Literal["ask", "wait", "stop"] = Field(
        default="ask", description="Training on faulty data is no cure: ask a person, wait, or stop serving."
    )
