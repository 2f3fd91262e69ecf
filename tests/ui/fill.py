"""Four months of flights, a champion that was approved, and a window that was watched: by the steps, in one process.

Copied into the root of a copy of the product, and run there on the running stack of TRAINYARD_HOME.
"""

import sys
from datetime import UTC, datetime

from pipelines import flow
from pipelines.__main__ import run_step
from pipelines.approval import Approval, answer, evaluation_of
from pipelines.environment import store_uri
from pipelines.interval import Interval, partition_interval
from pipelines.spec import find_model
from pipelines.store import Store

MODEL, DATASET = "flight_delay", "flights"
PARTS = ("2013-01", "2013-02", "2013-03", "2013-04")
NOTE = "<script>document.title = 'a note ran'</script>"


def run(step: str, subject: str, interval: Interval) -> None:
    run_step(flow.BY_NAME[step], subject, interval)


def approve(version: int) -> None:
    spec, store = find_model(MODEL), Store(store_uri())
    judged = evaluation_of(store, MODEL, version)
    now = datetime.now(UTC).isoformat()
    answer(store, spec, judged, Approval(version, judged.digest, "approve", "ana", now, NOTE))


def main() -> int:
    for part in PARTS:
        for step in flow.steps_of("data"):
            run(step.name, DATASET, partition_interval(part, "month"))
    march, april = (partition_interval(part, "month") for part in PARTS[2:])
    for step in ("assemble", "train", "evaluate"):
        run(step, MODEL, march)
    approve(1)
    run("promote", MODEL, march)
    for step in ("predict", "detect_drift", "decide_retrain"):
        run(step, MODEL, april)
    return 0


if __name__ == "__main__":
    sys.exit(main())
