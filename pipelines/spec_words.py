"""The words that declarations are made of: what may be predicted, measured and compared."""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

Task = Literal["classification", "regression"]
Metric = Literal["auc", "pr_auc", "brier", "log_loss", "ece", "mae", "rmse", "pinball_10", "pinball_50", "pinball_90"]
METRICS_OF: dict[Task, tuple[Metric, ...]] = {
    "classification": ("auc", "pr_auc", "brier", "log_loss", "ece"),
    "regression": ("mae", "rmse", "pinball_10", "pinball_50", "pinball_90"),
}
HIGHER_IS_BETTER: frozenset[Metric] = frozenset({"auc", "pr_auc"})
Baseline = Literal["majority", "logistic_regression", "mean", "ridge"]
BASELINES_OF: dict[Task, tuple[Baseline, ...]] = {
    "classification": ("majority", "logistic_regression"),
    "regression": ("mean", "ridge"),
}
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]


def _written_duration(value: Any) -> Any:
    if not re.fullmatch(r"P(?=.*[1-9])(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", str(value)):
        raise ValueError("must be an ISO 8601 duration of weeks, days, hours, minutes and seconds, such as P2D")
    return value


def _as_written(value: timedelta) -> str:
    """As it may stand in a spec: pydantic itself writes years, which it must not."""
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return "P" + (f"{value.days}D" if value.days else "") + (f"T{time}" if time else "")


Duration = Annotated[
    timedelta,
    BeforeValidator(_written_duration),
    PlainSerializer(_as_written, when_used="json"),
    Field(strict=False),
]


class Strict(BaseModel):
    """Frozen, no type is coerced, no unknown key is taken; tracebacks do not repeat what was given."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)
