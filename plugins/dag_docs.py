"""The page that Airflow shows with a DAG, made from its spec and the table of steps."""

import json
from datetime import datetime, timedelta

from pipelines.flow import Family, steps_of
from pipelines.spec import DatasetSpec, ModelSpec

EXAMPLE_SPAN = timedelta(days=92)

WHAT: dict[Family, str] = {
    "data": "Pulls a partition of **{subject}**, holds it to its contract, builds its features.",
    "train": "Trains a candidate of **{subject}** as of the end of the interval; puts it into force if it passes.",
    "predict": "Scores a partition with the champion of **{subject}** that was in force at its start.",
    "monitor": "Compares a partition's inputs, predictions and quality of **{subject}** with its reference.",
    "rollback": "Puts the previous champion of **{subject}** back into force, once it has been proven to serve.",
    "backtest": "Replays policies of retraining **{subject}** over its history, and recommends one.",
}

PAGE = """\
{what} {description}

| step | reads | writes | does |
| --- | --- | --- | --- |
{steps}
{approval}
**Schedule**: `{cron}` (UTC), one data interval a period, from {first:%F}{until}. Owner: {owner}.

**Backfill** a span, oldest interval first, with `python -m pipelines backfill {dag_id} --start {first:%F} \
--end {last:%F}`, or over REST (`TOKEN` from `POST /auth/token`):

```bash
curl -X POST "$AIRFLOW_URL/api/v2/backfills" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{request}'
```

**Run one interval by hand**: *Trigger*, then fill in start and end.
"""

APPROVAL = """
**Approval**: after `evaluate`, {who} must let the candidate be promoted, within {timeout}; no answer means \
{on_timeout}. {override} Answer under *Required Actions* of the run's `approval` task, or with \
`python -m pipelines approve {model} VERSION`; the first answer to an evaluation stands.
"""

ROLLBACK_PAGE = """\
{what} {description}

| step | reads | writes | does |
| --- | --- | --- | --- |
{steps}

**Schedule**: none, a person asks for it. Owner: {owner}. The user who triggers the run is on record with the reason.

**Run it**: *Trigger*, then say what is wrong. Over REST (`TOKEN` from `POST /auth/token`):

```bash
curl -X POST "$AIRFLOW_URL/api/v2/dags/{dag_id}/dagRuns" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{request}'
```

**Without Airflow**: `python -m pipelines rollback {model} --reason "…" --by YOU`.
"""


BACKTEST_PAGE = """\
{what} {description}

| step | reads | writes | does |
| --- | --- | --- | --- |
{steps}

**Schedule**: none, a person asks for it. Owner: {owner}. It changes nothing that serves: the champion, the journal and
MLflow stay as they are. Models are fitted once and kept, so a second run is quick.

**Run it**: *Trigger*; with empty fields it takes all policies and the whole history. Over REST (`TOKEN` from
`POST /auth/token`):

```bash
curl -X POST "$AIRFLOW_URL/api/v2/dags/{dag_id}/dagRuns" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{request}'
```

**Without Airflow**, with a table and a progress bar: `python -m pipelines backtest {model} --picture backtest.png`. How
to read it: `docs/backtest.md`.
"""


def page(family: Family, spec: DatasetSpec | ModelSpec, cron: str, starts: datetime, ends: datetime | None) -> str:
    """Markdown. starts, ends: of the schedule's first and last data intervals; None: it goes on."""
    dag_id = f"{spec.name}__{family}"
    last = ends or starts + EXAMPLE_SPAN
    request = {
        "dag_id": dag_id,
        "from_date": f"{starts:%FT%TZ}",
        "to_date": f"{last - timedelta(seconds=1):%FT%TZ}",
        "max_active_runs": 1,
        "reprocess_behavior": "none",
    }
    return PAGE.format(
        what=WHAT[family].format(subject=spec.name),
        description=spec.description,
        steps=_steps(family),
        approval=_approval(spec) if family == "train" and isinstance(spec, ModelSpec) else "",
        cron=cron,
        first=starts,
        last=last,
        until=f" until {ends:%F}" if ends else "",
        owner=spec.owner,
        dag_id=dag_id,
        request=json.dumps(request),
    )


def rollback_page(model: ModelSpec) -> str:
    """Markdown."""
    return ROLLBACK_PAGE.format(
        what=WHAT["rollback"].format(subject=model.name),
        description=model.description,
        steps=_steps("rollback"),
        owner=model.owner,
        dag_id=f"{model.name}__rollback",
        model=model.name,
        request=json.dumps({"logical_date": None, "conf": {"reason": "what is wrong with the champion"}}),
    )


def backtest_page(model: ModelSpec) -> str:
    """Markdown."""
    return BACKTEST_PAGE.format(
        what=WHAT["backtest"].format(subject=model.name),
        description=model.description,
        steps=_steps("backtest"),
        owner=model.owner,
        dag_id=f"{model.name}__backtest",
        model=model.name,
        request=json.dumps({"logical_date": None, "conf": {"policies": "never,monthly,spec"}}),
    )


def _steps(family: Family) -> str:
    return "\n".join(
        f"| `{step.name}` | {', '.join(step.reads) or 'the source'} | {step.writes} | {step.summary} |"
        for step in steps_of(family)
    )


def _approval(model: ModelSpec) -> str:
    policy = model.approval
    if policy is None or not policy.required:
        return ""
    allowed = "A person may also promote against a gate, with a note that says why."
    return APPROVAL.format(
        who=f"one of {', '.join(policy.approvers)}" if policy.approvers else "a person",
        timeout=spoken(policy.timeout),
        on_timeout=policy.on_timeout,
        override=allowed if policy.override else "Nobody can promote against a gate.",
        model=model.name,
    )


def spoken(span: timedelta) -> str:
    """Such as '2 days' or '1 day 12 hours', without the parts that are nought."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = {"day": days, "hour": hours, "minute": minutes, "second": seconds}
    return " ".join(f"{count} {unit}{'s' if count > 1 else ''}" for unit, count in parts.items() if count)
