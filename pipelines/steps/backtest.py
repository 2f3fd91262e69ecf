"""Replay policies of retraining over history, and recommend one."""

import io

from pipelines.backtest.comparison import Backtest, Request, run_backtest
from pipelines.backtest.history import Say
from pipelines.backtest.picture import draw
from pipelines.flow import StepResult
from pipelines.layout import backtest_folder
from pipelines.spec import ModelSpec
from pipelines.store import Store


def run(spec: ModelSpec, request: Request, store: Store, say: Say) -> tuple[Backtest, StepResult]:
    """Write the newest comparison to the store, as JSON and as a picture.

    Raises CallerError for a policy that is not known or too short a span, MissingInput for a partition that is not
    there, EmptyWindow for one without labels.
    """
    made, picture = run_backtest(spec, store, request, say), io.BytesIO()
    draw(made, picture)
    folder = backtest_folder(spec.name)
    store.write_file(f"{folder}/newest.json", made.to_json().encode())
    store.write_file(f"{folder}/newest.png", picture.getvalue())
    return made, _result(spec, store, made)


def _result(spec: ModelSpec, store: Store, made: Backtest) -> StepResult:
    folder, recommendation = backtest_folder(spec.name), made.recommendation
    windows = made.history.windows
    means = {f"{one.name} {spec.monitoring.metric}": one.quality.value for one in made.outcomes}
    return StepResult(
        step="backtest",
        subject=spec.name,
        start=windows[0].interval.start.isoformat(),
        end=windows[-1].interval.end.isoformat(),
        outcome=f"take {recommendation.reason}",
        references={"comparison": f"{folder}/newest.json", "picture": store.location(f"{folder}/newest.png")},
        figures={"policy": recommendation.policy, "windows": len(windows), **means},
    )
