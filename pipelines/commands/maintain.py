"""Free what nothing needs any more."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import EXIT_DONE

SUMMARY = "free what no record, champion or validated partition needs, as retention.toml says"
EXAMPLE = "python -m pipelines maintain --dry-run"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="say what it would free, and change nothing")
    command.add_argument("--store-only", action="store_true", help="do not ask MLflow for deleted runs")
    command.add_argument("--result", type=Path, help="write the result (JSON: references and figures) there")


def run(options: argparse.Namespace) -> int:
    from pipelines.commands import leave_result
    from pipelines.environment import store_uri, tracking_uri
    from pipelines.flow import StepResult
    from pipelines.registry import Registry
    from pipelines.release.provenance import start_meter
    from pipelines.retention.maintenance import carry_out, plan
    from pipelines.retention.settings import retention
    from pipelines.store import Store

    ages, meter, now = retention(), start_meter(), datetime.now(UTC)
    store, registry = Store(store_uri()), None if options.store_only else Registry(tracking_uri())
    planned = plan(store, ages, now, registry)
    print("\n".join(planned.lines()) or "nothing to do")
    if not options.dry_run:
        carry_out(store, planned, ages, registry)
    outcome = f"{'would free' if options.dry_run else 'freed'} {planned.bytes:,} bytes"
    figures = {"bytes": planned.bytes, "files": len(planned.files)}
    leave_result(
        StepResult("maintain", "store", now.isoformat(), now.isoformat(), outcome, figures=figures),
        meter,
        options.result,
    )
    print(outcome)
    return EXIT_DONE
