"""The end of a monitor: turn a decision to retrain into one run of the model's train DAG."""

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from plugins.retrain_arguments import is_to_trigger
from plugins.run_interval import interval_of

DECISION_TASK = "decide_retrain"
NOT_TRIGGERED = {
    "wait": "No retraining",
    "ask": "No retraining, a person is asked",
    "stop": "No retraining, and nothing is scored until a person resumes it",
}


class RetrainTrigger(TriggerDagRunOperator):
    """Triggers `<model>__train` once for a positive decision, and says why it does not otherwise.

    The run's id comes from the decision's, so that a retry of this task, or a second run of the
    monitor over the same partition, finds the run there and adds none; the conf names the decision.
    """

    def __init__(self, *, model: str, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=f"{model}__train",
            logical_date=None,  # the as-of time is in the conf; a date here could collide with the schedule's
            skip_when_already_exists=True,
            **kwargs,
        )

    def execute(self, context: Any) -> None:
        decision = context["ti"].xcom_pull(task_ids=DECISION_TASK)
        if not decision:
            raise AirflowFailException(f"{DECISION_TASK} left no result to act on: clear it and this task.")
        answer, reason = decision["figures"]["decision"], decision["outcome"]
        if answer != "retrain":
            raise AirflowSkipException(f"{NOT_TRIGGERED[answer]}: {reason}")
        if not is_to_trigger(context):
            raise AirflowSkipException(
                f"Journalled only, because this is a backfill (Param trigger_in_backfill is off): {reason}"
            )
        interval, references = interval_of(context), decision["references"]
        self.trigger_run_id = references["run"]
        self.conf = {
            "start": interval.start.isoformat(),
            "end": interval.end.isoformat(),
            "reason": reason,
            "decision": references["decision"],
        }
        self.log.info("Triggering %s as %s: %s", self.trigger_dag_id, self.trigger_run_id, reason)
        super().execute(context)
