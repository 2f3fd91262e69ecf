"""What a model's spec says of watching it: what counts as drift, when to retrain, whom to tell."""

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from croniter import croniter
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipelines.spec_words import Duration, Metric, Name, Strict

# Any year that is no leap year; its runs are counted.
A_YEAR_FROM = datetime(2023, 1, 1)
LONGEST_COUNT = 1000
# A month of 30 days is over at 11 of 12 monthly runs.
EACH_RUN = 0.9
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
    vanished_rate: float = Field(default=0.05, gt=0, le=1, description="Share of the reference in ended categories.")
    out_of_range_rate: float = Field(default=0.05, gt=0, le=1, description="Share outside the reference's range.")
    volume_change: float = Field(default=0.5, gt=0, description="|log ratio| of rows a day; .5 is -39 % or +65 %.")
    prediction_shift: float = Field(
        default=0.05, gt=0, description="Move of the mean prediction, in its unit, that turns a data fault critical."
    )
    prediction_bias: float | None = Field(
        default=None,
        gt=0,
        description="Distance of the mean label from the mean prediction, in its unit, that is worth a warning. Left "
        "out: .05 of a probability; of other numbers it informs.",
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

    def misfit(self, monitor: str) -> str | None:
        """What is wrong with retraining by it in a monitor of that cron expression, in UTC; None where nothing is.

        Drift is acted on once, so age alone can retrain at every run.
        """
        if self.champion_age is None:
            return None
        runs, retrains, longest = _a_year_without_drift(self, monitor)
        if retrains < EACH_RUN * runs or runs == 0:
            return None
        written = self.model_dump(mode="json")
        return (
            f"retrain.champion_age ({written['champion_age']}) is over at nearly every run of schedule.monitor "
            f"('{monitor}'), and neither retrain.cooldown_days ({self.cooldown_days}) nor retrain.retrains_per_month "
            f"({self.retrains_per_month or 'not set'}) holds it back: it would retrain about {retrains} times a year, "
            f"in {runs} runs. Set retrain.champion_age or retrain.cooldown_days above {longest} days, or "
            "retrain.retrains_per_month; to train at a fixed time there is schedule.train"
        )


def _a_year_without_drift(policy: Retrain, monitor: str) -> tuple[int, int, int]:
    """Runs of the monitor, retrainings for age alone, and the longest pause between runs in whole days.

    Of a monitor that runs oftener than LONGEST_COUNT times a year the first of them tell.
    """
    apart = max(policy.champion_age or timedelta(0), timedelta(days=policy.cooldown_days))
    times, trained, runs, pause = croniter(monitor, A_YEAR_FROM), A_YEAR_FROM, 0, timedelta(0)
    by_month: Counter[int] = Counter()
    before = A_YEAR_FROM
    while runs < LONGEST_COUNT and (at := times.get_next(datetime)) <= A_YEAR_FROM + timedelta(days=365):
        runs, pause, before = runs + 1, max(pause, at - before), at
        allowed = policy.retrains_per_month is None or by_month[at.month] < policy.retrains_per_month
        if at - trained >= apart and allowed:
            trained = at
            by_month[at.month] += 1
    scale = timedelta(days=365) / (before - A_YEAR_FROM) if runs == LONGEST_COUNT else 1.0
    return round(runs * scale), round(by_month.total() * scale), pause.days
