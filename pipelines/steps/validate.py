"""Hold one partition to its contract; what fails goes to quarantine with the reasons."""

import json
from statistics import median

import pyarrow as pa

from pipelines.contract import PartitionContext, Validation
from pipelines.contract import validate as check
from pipelines.dataset import ValidatedPartition, code, covered_part, validated_partitions
from pipelines.errors import ContractBroken, MissingInput
from pipelines.flow import StepResult
from pipelines.interval import Interval
from pipelines.journal import Event, record
from pipelines.layout import quarantine_table, raw_table, validation_page, validation_result
from pipelines.report.pages import render
from pipelines.spec import DatasetSpec
from pipelines.store import Store
from pipelines.table_versions import digest_of

TRAILING_PARTITIONS = 6
QUARANTINE = pa.schema([("row", pa.string()), ("reasons", pa.string())])


def trailing_median(store: Store, dataset: str, interval: Interval) -> float | None:
    """Median row count of the validated partitions before this one; None for the first."""
    before = list(validated_partitions(store, dataset, until=interval.start).values())
    return float(median(partition.rows for partition in before[-TRAILING_PARTITIONS:])) if before else None


def run(dataset: DatasetSpec, interval: Interval, store: Store) -> StepResult:
    """Validate the newest raw rows of the partition and journal the verdict.

    Raises ContractBroken on a critical failure or a check that raised: the partition is in quarantine
    then, and the rows that passed earlier, if any, stay in force. MissingInput when nothing was pulled.
    """
    part = covered_part(dataset, interval)
    expectations, schema = code(dataset.name, "expectations"), code(dataset.name, "schema")
    main = raw_table(dataset.name, schema.MAIN_TABLE)
    if part not in store.parts(main):
        raise MissingInput(
            f"{dataset.name}: {part} was not pulled. Pull it first: python -m pipelines ingest "
            f"--dataset {dataset.name} --start {interval.start:%F} --end {interval.end:%F}"
        )
    pulled = _pulled(store, dataset.name, list(schema.TABLES), part)
    rows = store.read(main, part=part, version=pulled.versions[schema.MAIN_TABLE])
    context = PartitionContext(interval, trailing_median(store, dataset.name, interval))
    validation = check(dataset.name, part, expectations.prepare(rows.to_pandas()), expectations.suite(context))

    content = validation.to_dict()
    store.write_file(validation_result(dataset.name, part), json.dumps(content, indent=1).encode())
    page = validation_page(dataset.name, part)
    store.write_file(page, render("validation.html", validation=validation).encode())
    verdict = {"part": part, "status": validation.status, "reasons": validation.reasons(), "digests": pulled.digests}
    record(store, Event("validation", dataset.name, interval.as_of, verdict))
    _quarantine(store, dataset.name, validation, rows)
    if validation.status == "failed":
        raise ContractBroken(
            f"{dataset.name}: {part} broke its contract and is in quarantine: {'; '.join(validation.reasons()[:3])}. "
            f"Read {store.location(page)}, correct the source, then run it again."
        )
    record(store, _in_force(store, dataset.name, pulled).event(dataset.name, interval.as_of))
    return _result(dataset, interval, validation, store.location(page), pulled)


def _pulled(store: Store, dataset: str, tables: list[str], part: str) -> ValidatedPartition:
    """The newest raw rows of the partition, as they would be put in force."""
    versions, digests, counts = {}, {}, {}
    for table in tables:
        version = store.version(raw_table(dataset, table))
        assert version is not None
        rows = store.read(raw_table(dataset, table), part=part, version=version)
        versions[table], digests[table], counts[table] = version, digest_of(rows), rows.num_rows
    return ValidatedPartition(part, counts[tables[0]], versions, digests)


def _in_force(store: Store, dataset: str, pulled: ValidatedPartition) -> ValidatedPartition:
    """The pulled rows; where the same rows are in force already, under the version they have there."""
    known = validated_partitions(store, dataset).get(pulled.part)
    return known if known is not None and known.digests == pulled.digests else pulled


def _quarantine(store: Store, dataset: str, validation: Validation, rows: pa.Table) -> None:
    table = quarantine_table(dataset)
    if validation.status == "failed":
        reasons = json.dumps(validation.reasons())
        kept = [{"row": json.dumps(row, default=str), "reasons": reasons} for row in rows.to_pylist()]
        store.replace_partition(table, pa.Table.from_pylist(kept, QUARANTINE), validation.part)
    elif validation.part in store.parts(table):
        store.replace_partition(table, QUARANTINE.empty_table(), validation.part)


def _result(
    dataset: DatasetSpec, interval: Interval, validation: Validation, page: str, pulled: ValidatedPartition
) -> StepResult:
    warnings = [check for check in validation.checks if check.status == "warning"]
    outcome = f"{validation.part}: {validation.rows:,} rows hold the contract ({len(validation.checks)} checks)"
    if warnings:
        outcome += f", {len(warnings)} warnings: {'; '.join(validation.reasons()[:2])}"
    return StepResult(
        step="validate",
        subject=dataset.name,
        start=interval.start.isoformat(),
        end=interval.end.isoformat(),
        outcome=outcome,
        references={"page": page, **{table: f"{table}@{version}" for table, version in pulled.versions.items()}},
        figures={"rows": validation.rows, "status": validation.status, "warnings": len(warnings)},
    )
