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
}

PAGE = """\
{what} {description}

| step | reads | writes | does |
| --- | --- | --- | --- |
{steps}

**Schedule**: `{cron}` (UTC), one data interval a period, from {first:%F}{until}. Owner: {owner}.

**Backfill** a span, oldest interval first, with `python -m pipelines backfill {dag_id} --start {first:%F} \
--end {last:%F}`, or over REST (`TOKEN` from `POST /auth/token`):

```bash
curl -X POST "$AIRFLOW_URL/api/v2/backfills" -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/json" -d '{request}'
```

**Run one interval by hand**: *Trigger*, then fill in start and end.
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
    steps = "\n".join(
        f"| `{step.name}` | {', '.join(step.reads) or 'the source'} | {step.writes} | {step.summary} |"
        for step in steps_of(family)
    )
    return PAGE.format(
        what=WHAT[family].format(subject=spec.name),
        description=spec.description,
        steps=steps,
        cron=cron,
        first=starts,
        last=last,
        until=f" until {ends:%F}" if ends else "",
        owner=spec.owner,
        dag_id=dag_id,
        request=json.dumps(request),
    )
