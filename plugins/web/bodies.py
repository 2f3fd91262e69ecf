"""What the pages send and get where they write, or ask what a backfill would take."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from plugins.form_text import LONGEST, READABLE

Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST, pattern=f"^{READABLE}*$")
]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Freeze(Asked):
    """until: the first day, UTC, that is free again."""

    until: date
    reason: Reason


class Unfreeze(Asked):
    reason: Reason


class Span(Asked):
    """[start, end), days in UTC."""

    start: date
    end: date

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class ModelSpan(Span):
    family: Literal["train", "predict", "monitor"]


class Done(BaseModel):
    sentence: str


class RunOfBackfill(BaseModel):
    start: datetime
    end: datetime


class Estimate(BaseModel):
    """seconds: one run after the other, by the usual run of that DAG; cpu_s: of trainings, by the usual one. None
    where no such run was seen yet."""

    runs: list[RunOfBackfill]
    seconds: float | None
    cpu_s: float | None
    sentence: str


class Rights(BaseModel):
    retrain: bool
    backfill: bool
    approve: bool
    rollback: bool
    freeze: bool
