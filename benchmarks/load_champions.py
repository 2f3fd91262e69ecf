"""Two months of daily flights and a champion for every declared model, by the steps in one warm process.

Run in the copy that declares them, on the running stack of TRAINYARD_HOME:

    python -m benchmarks.load_champions
"""

import contextlib
import io
import sys

from benchmarks.load_specs import TRAINED_FROM, days
from pipelines import flow
from pipelines.__main__ import run_step
from pipelines.interval import Interval
from pipelines.spec import load_models

# Loading the online store pays only for the newest day, which is the run that is measured.
PREPARED = ("ingest", "validate", "featurize")


def run(step: str, subject: str, interval: Interval) -> flow.StepResult:
    with contextlib.redirect_stdout(io.StringIO()):
        return run_step(flow.BY_NAME[step], subject, interval)


def main() -> int:
    spans = days()
    for number, day in enumerate(spans, 1):
        for step in PREPARED:
            run(step, "flights", day)
        if number % 10 == 0 or day == spans[-1]:
            print(f"data: {number} of {len(spans)} days", flush=True)
    month, models = Interval(TRAINED_FROM, spans[-1].end), load_models()
    for number, name in enumerate(models, 1):
        for step in flow.steps_of("train"):
            result = run(step.name, name, month)
        print(f"champion {number} of {len(models)}: {name}, {result.outcome}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
