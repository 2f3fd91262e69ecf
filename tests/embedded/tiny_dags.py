"""The four DAGs of the demo, cut down to steps that only sleep: a DAG folder for tests of the stack."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.sdk import DAG, CronDataIntervalTimetable, task

# Touching <dag_id>.<step>.<month> here makes that step fail until the file is gone.
FAILURES = Path(__file__).parent / "fail"


def tiny_dag(dag_id: str, steps: list[str], first_month: int) -> DAG:
    """A monthly DAG over 2013 of steps in a row."""
    with DAG(
        dag_id,
        schedule=CronDataIntervalTimetable("0 0 1 * *", timezone="UTC"),
        catchup=False,
        start_date=datetime(2013, first_month, 1, tzinfo=UTC),
        end_date=datetime(2013, 12, 31, tzinfo=UTC),
        default_args={"retries": 2, "retry_delay": timedelta(seconds=1)},
    ) as dag:
        earlier = None
        for name in steps:
            done = sleep_step.override(task_id=name)()
            if earlier is not None:
                earlier >> done
            earlier = done
    return dag


@task
def sleep_step(**context: object) -> dict[str, object]:
    """Sleep a moment and return what a real step would."""
    time.sleep(0.5)
    instance, start = context["ti"], context["data_interval_start"]
    if (FAILURES / f"{instance.dag_id}.{instance.task_id}.{start:%m}").exists():
        raise RuntimeError("told to fail")
    return {
        "step": instance.task_id,
        "subject": instance.dag_id,
        "start": f"{start:%Y-%m-%d}",
        "end": f"{context['data_interval_end']:%Y-%m-%d}",
        "outcome": f"{instance.task_id} slept",
        "references": {},
        "figures": {"rows": 3},
    }


data = tiny_dag("flights__data", ["ingest", "validate"], 1)
train = tiny_dag("flight_delay__train", ["train"], 3)
predict = tiny_dag("flight_delay__predict", ["predict"], 4)
monitor = tiny_dag("flight_delay__monitor", ["detect_drift"], 4)
