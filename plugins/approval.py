"""The question to a person between evaluate and promote, where a model's spec asks for one."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from pipelines.spec import ApprovalPolicy, ModelSpec
from plugins.command_line import CommandLine
from plugins.dag_docs import spoken
from plugins.form_text import text
from plugins.page_link import EVALUATE_TASK, EvaluationPage, evaluation_url

TASK = "approval"
# Of each of its two short lives, before and after the wait; the wait itself holds no worker slot.
AWAKE = timedelta(minutes=5)

# Without null, Airflow's form takes the note for mandatory and its buttons stay disabled.
NOTE = Param(
    None,
    title="Note",
    description="Why. Kept in the journal and the release record. Mandatory to approve against the gates.",
    type=["null", "string"],
    **text(),
)


def approvals(model: ModelSpec) -> list["PromotionApproval"]:
    """The task that asks, or none."""
    policy = model.approval
    if policy is None or not policy.required:
        return []
    # Given here and not in its __init__, where Airflow would not take it for the task's own.
    return [PromotionApproval(task_id=TASK, model=model.name, policy=policy, params={"note": NOTE})]


class PromotionApproval(CommandLine, ApprovalOperator):
    """Asks whether the candidate may be promoted, and has the answer journalled before anything follows from it.

    It looks at the journal first: an evaluation that was answered, in an earlier try or on the command line,
    is not asked about again. A candidate that its gates stopped is asked about only if the spec allows a
    person to override them.
    """

    def __init__(self, *, model: str, policy: ApprovalPolicy, **kwargs: Any) -> None:
        self.model = model
        self.policy = policy
        super().__init__(
            subject=f"Promote a new version of {model}?",
            doc_md="Ask a person whether the candidate may be promoted.",
            defaults=self.APPROVE if policy.on_timeout == "approve" else self.REJECT,
            assigned_users=[{"id": name, "name": name} for name in policy.approvers] or None,
            response_timeout=policy.timeout,
            execution_timeout=AWAKE,
            **kwargs,
        )
        self.operator_extra_links = (EvaluationPage(),)

    def execute(self, context: Any) -> Any:
        evaluated = self._evaluated(context)
        passed = evaluated["figures"]["verdict"] == "pass"
        if not passed and not self.policy.override:
            raise AirflowSkipException(f"Nobody is asked: {evaluated['outcome']}; the champion stays in force.")
        # Journals that it is asked now, before Airflow's own time-out begins, unless it was answered.
        found = self.result_of("approve", *self._about(evaluated), "--asked")
        if "answer" in found["figures"]:
            return self._follow(context, found)
        self.subject, self.body = question(self.model, evaluated, self.policy)
        if not passed:
            self.defaults = [self.REJECT]
        return super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        """Airflow resumes here with the answer, or with the default when the time is over."""
        evaluated = self._evaluated(context)
        self.validate_chosen_options(event["chosen_options"])
        self.validate_params_input(event["params_input"] or {})
        answer = self._answer(evaluated, event)
        return self._follow(context, self.result_of("approve", *self._about(evaluated), *answer))

    def _evaluated(self, context: Any) -> dict[str, Any]:
        found: dict[str, Any] | None = context["ti"].xcom_pull(task_ids=EVALUATE_TASK)
        if not found:
            raise AirflowFailException(f"{EVALUATE_TASK} left no result to ask about: clear it and this task.")
        return found

    def _about(self, evaluated: dict[str, Any]) -> list[str]:
        return [self.model, str(evaluated["figures"]["version"]), f"--evaluation={evaluated['references']['digest']}"]

    def _answer(self, evaluated: dict[str, Any], event: dict[str, Any]) -> list[str]:
        """The answer as options of the command; values are glued on, for a note may begin with a dash."""
        note = str((event["params_input"] or {}).get("note") or "").strip()
        answer = "approve" if event["chosen_options"] == [self.APPROVE] else "reject"
        if answer == "approve" and evaluated["figures"]["verdict"] != "pass":
            answer = "override"
            if not note:
                answer, note = "reject", "approved against its gates without a note, which counts as a rejection"
                self.log.warning("Approving against the gates needs a note that says why: this counts as a rejection.")
        user = event["responded_by_user"]
        who = ["--timed-out"] if user is None else [f"--by={user['id'] if self.policy.approvers else user['name']}"]
        return [f"--{answer}", *who, f"--at={event['responded_at'].isoformat()}", f"--note={note}"]

    def _follow(self, context: Any, answered: dict[str, Any]) -> None:
        """Leave the answer as this task's result; after a rejection skip what is downstream."""
        context["ti"].xcom_push(key="return_value", value=answered)
        if answered["figures"]["answer"] == "reject":
            self.skip(ti=context["ti"], tasks=self.get_direct_relatives(upstream=False))


def question(model: str, evaluated: dict[str, Any], policy: ApprovalPolicy) -> tuple[str, str]:
    """Subject and body, in Markdown, of the question about an evaluation."""
    subject = f"Promote version {evaluated['figures']['version']} of {model}?"
    silence, warning = policy.on_timeout, []
    if evaluated["figures"]["verdict"] != "pass":
        subject = f"Promote version {evaluated['figures']['version']} of {model} against its gates?"
        silence = "reject"
        warning = [
            "**The gates do not let it pass. Approving overrides them**, is on record for ever, and needs a note "
            "that says why; without one it counts as a rejection.",
            "",
        ]
    lines = [
        *warning,
        evaluated["summary"],
        "",
        f"[Evaluation page]({evaluation_url(evaluated)})",
        "",
        f"No answer within {spoken(policy.timeout)} means: {silence}.",
    ]
    return subject, "\n".join(lines)
