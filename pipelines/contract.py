"""The contract of a partition: running its expectation suite and judging the result.

Great Expectations calls a suite failed for a warning, and passes over a check that raised; the
verdict here counts severities, and an errored check blocks (docs.greatexpectations.io, severity).
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from pipelines.interval import Interval

Status = Literal["passed", "warning", "critical", "errored"]
EXAMPLES = 5


@dataclass(frozen=True)
class PartitionContext:
    """What a suite may depend on. trailing_median_rows: of the partitions before; None for the first."""

    interval: Interval
    trailing_median_rows: float | None

    @property
    def seconds(self) -> tuple[float, float]:
        """The interval in seconds since the epoch: Great Expectations compares numbers, not zoned times."""
        return self.interval.start.timestamp(), self.interval.end.timestamp()


@dataclass(frozen=True)
class Check:
    """One expectation's outcome. examples: rows that broke it, as text by column."""

    name: str
    column: str | None
    status: Status
    expected: str
    observed: str
    failing_rows: int | None
    examples: list[dict[str, str]]


@dataclass(frozen=True)
class Validation:
    dataset: str
    part: str
    rows: int
    checks: list[Check]

    @property
    def status(self) -> Literal["passed", "warning", "failed"]:
        found = {check.status for check in self.checks}
        if found & {"critical", "errored"}:
            return "failed"
        return "warning" if "warning" in found else "passed"

    def reasons(self) -> list[str]:
        """One sentence for each check that did not pass, the blocking ones first."""
        order = ("errored", "critical", "warning")
        broken = sorted((c for c in self.checks if c.status in order), key=lambda c: order.index(c.status))
        return [f"{c.status}: {c.name}{f' on {c.column}' if c.column else ''}: {c.observed}" for c in broken]

    def to_dict(self) -> dict[str, Any]:
        return {"status": self.status, **asdict(self)}


def validate(dataset: str, part: str, rows: pd.DataFrame, expectations: list[Any]) -> Validation:
    """Hold one partition's rows to the expectations; a Check for each, in their order."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset(dataset)
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(
            name=part,
            data=asset.add_batch_definition_whole_dataframe("all"),
            suite=context.suites.add(gx.ExpectationSuite(name=dataset, expectations=expectations)),
        )
    )
    outcome = definition.run(batch_parameters={"dataframe": rows}, result_format="SUMMARY")
    return Validation(dataset, part, len(rows), [_check(result, rows) for result in outcome.results])


def _check(outcome: Any, rows: pd.DataFrame) -> Check:
    config, result = outcome.expectation_config, outcome.result
    kwargs = {key: value for key, value in config.kwargs.items() if key not in ("batch_id", "column")}
    raised = _exceptions(outcome.exception_info)
    if outcome.success:
        status: Status = "passed"
    elif raised:
        status = "errored"
    else:
        status = "warning" if config.severity == "warning" else "critical"
    return Check(
        name=config.notes or config.type.removeprefix("expect_").replace("_", " "),
        column=config.kwargs.get("column"),
        status=status,
        expected=", ".join(f"{key} {_short(value)}" for key, value in sorted(kwargs.items())),
        observed=raised or _observed(result),
        failing_rows=result.get("unexpected_count"),
        examples=[] if outcome.success else _examples(result, rows),
    )


def _exceptions(info: Any) -> str | None:
    """The messages of what a check raised; the library nests them by metric, or not."""
    nested = [info] if "raised_exception" in (info or {}) else list((info or {}).values())
    messages = [one["exception_message"] for one in nested if one.get("raised_exception")]
    return "; ".join(dict.fromkeys(message.strip().splitlines()[0] for message in messages)) or None


def _observed(result: Any) -> str:
    if "unexpected_count" in result:
        share = result.get("unexpected_percent_total", result["unexpected_percent"]) or 0.0
        values = ", ".join(dict.fromkeys(map(str, result.get("partial_unexpected_list", [])[:EXAMPLES])))
        return f"{result['unexpected_count']} of {result['element_count']} rows ({share:.2f} %)" + (
            f", such as {values}" if values else ""
        )
    details = result.get("details", {}).get("mismatched")
    return _short(details) if details else f"found {_short(result.get('observed_value'))}"


def _examples(result: Any, rows: pd.DataFrame) -> list[dict[str, str]]:
    positions = result.get("partial_unexpected_index_list", [])[:EXAMPLES]
    return [{name: str(value) for name, value in rows.loc[position].items()} for position in positions]


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:157]}…"
