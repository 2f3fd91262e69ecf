"""`<model>__backtest`: the form that a person fills in, and the command that it becomes."""

from functools import partial
from typing import Any

from airflow.sdk import BaseOperator, Param

from pipelines.flow import BY_NAME
from pipelines.spec import ModelSpec
from plugins.run_interval import ISO_TIME
from plugins.step_operator import step_operator

POLICIES = r"^[a-z0-9, -]{0,500}$"
TIMES = {"start": "start of the first window", "end": "end of the last window"}
# What it means, and the least that it can be.
NUMBERS: dict[str, tuple[str, float | None]] = {
    "margin": ("Gain in the metric's unit that is worth a retraining. Leave empty to take the spec's.", 0),
    "floor": ("Of the metric, for the days spent below it. Leave empty to take the spec's gate's.", None),
    "price": ("Of a retraining to the oracle, in the metric's unit over one window. Leave empty for none.", 0),
}


def backtest_params() -> dict[str, Param]:
    return {
        "policies": Param(
            None,
            title="Policies",
            description=(
                "With commas between: never, monthly, quarterly, spec, warning-N, critical-N (N: days of cooldown), "
                "oracle. Leave empty to take all."
            ),
            type=["null", "string"],
            pattern=POLICIES,
        ),
        **{
            name: Param(
                None,
                title=name.capitalize(),
                description=f"UTC, 2013-04-01: {meaning}. Leave empty to take the whole history.",
                type=["null", "string"],
                pattern=ISO_TIME,
            )
            for name, meaning in TIMES.items()
        },
        **{
            name: Param(
                None,
                title=name.capitalize(),
                description=meaning,
                type=["null", "number"],
                **({} if least is None else {"minimum": least}),
            )
            for name, (meaning, least) in NUMBERS.items()
        },
    }


def backtest_task(model: ModelSpec) -> BaseOperator:
    return step_operator(BY_NAME["backtest"], model, model.dataset, partial(backtest_arguments, model.name))


def backtest_arguments(model: str, context: Any) -> list[str]:
    """What was filled in, each value glued to its option."""
    params = context["params"]
    given = {name: params.get(name) for name in ("policies", *TIMES, *NUMBERS)}
    return [model, *(f"--{name}={value}" for name, value in given.items() if value not in (None, ""))]
