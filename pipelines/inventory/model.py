"""One model: what happened on its time axis, the card of the version in force, its candidates and its journal."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.champions import promotions, withdrawals
from pipelines.drift.series import Severity
from pipelines.errors import CallerError
from pipelines.features import declared_views
from pipelines.features import select as features_of
from pipelines.interval import parse_time
from pipelines.inventory.answers import Candidate, Card, Entry, FeatureView, Judged, Mark, ModelPage, ModelRow
from pipelines.inventory.index import Index
from pipelines.inventory.rows import answered_by, cost_of, qualities, verdicts
from pipelines.journal import Event, select
from pipelines.layout import drift_report, release_folder
from pipelines.release.record import ReleaseRecord
from pipelines.release.releases import release_of
from pipelines.report.audit_log import entries
from pipelines.report.tree import approval_of
from pipelines.spec import DatasetSpec, ModelSpec

ALARMING = ("warning", "critical")


def model_page(index: Index, spec: ModelSpec, dataset: DatasetSpec, row: ModelRow) -> ModelPage:
    """row: the model's, as the list has it; here with all of its windows."""
    said = index.said(spec.name)
    return ModelPage(
        row=row.model_copy(update={"quality": qualities(said, spec.name, dataset)}),
        marks=sorted(marks(said, spec.name), key=lambda mark: mark.at),
        candidates=candidates(index, said, spec.name),
        entries=_entries(said, spec.name),
        card=card(index, spec, row, row.champion.version) if row.champion else None,
    )


def marks(said: Sequence[Event], model: str) -> Iterator[Mark]:
    """In no order."""
    for promotion in promotions(said, model):
        champion, back = promotion.champion, promotion.content.get("rollback")
        told = f"version {champion.version} took force" + (f", put back: {back['reason']}" if back else "")
        yield Mark(
            kind="rollback" if back else "promotion",
            at=champion.effective_from,
            sentence=told,
            by=answered_by(promotion),
            version=champion.version,
        )
    for gone in withdrawals(said, model).values():
        told = f"version {gone.version} was withdrawn: {gone.reason}"
        yield Mark(kind="rollback", at=gone.since, sentence=told, by=gone.by, version=gone.version)
    for judged in verdicts(said, model):
        told = judged.sentence or f"version {judged.version}: {judged.verdict.replace('_', ' ')}"
        severity: Severity = "ok" if judged.verdict == "pass" else "warning"
        yield Mark(kind="candidate", at=judged.as_of, sentence=told, version=judged.version, severity=severity)
    yield from _watched(said, model)


def _watched(said: Sequence[Event], model: str) -> Iterator[Mark]:
    for event in select(said, "drift", model):
        told = event.content
        if told["severity"] in ALARMING:
            sentence = told.get("sentence") or "; ".join(told["reasons"])
            yield Mark(kind="alarm", at=event.at, sentence=sentence, severity=told["severity"], part=told["part"])
    for event in select(said, "decision", model):
        if event.content["decision"] == "retrain":
            yield Mark(kind="retrain", at=event.at, sentence=event.content["reason"], part=event.content.get("part"))
    for event in select(said, "freeze", model):
        told = event.content
        word = "no freeze any more" if told["lifted"] else f"frozen until {event.at:%F}"
        yield Mark(kind="freeze", at=parse_time(told["said_at"]), sentence=f"{word}: {told['reason']}", by=told["by"])
    for event in select(said, "serving_stopped", model):
        yield Mark(kind="stop", at=event.at, sentence=event.content["reason"], part=event.content["part"])


def candidates(index: Index, said: Sequence[Event], model: str) -> list[Candidate]:
    """The newest first."""
    promoted = {one.champion.version for one in promotions(said, model)}
    gone = withdrawals(said, model)
    return [
        _candidate(index, model, judged, promoted, judged.version in gone) for judged in verdicts(said, model)[::-1]
    ]


def _candidate(index: Index, model: str, judged: Judged, promoted: set[int], withdrawn: bool) -> Candidate:
    cost = cost_of(index, model, judged.version)
    return Candidate(
        **judged.model_dump(),
        cpu_s=cost.get("cpu_s"),
        gpu_s=cost.get("gpu_s"),
        promoted=judged.version in promoted,
        withdrawn=withdrawn,
    )


def _entries(said: Sequence[Event], model: str) -> list[Entry]:
    """Newest first."""
    return [Entry.model_validate(_timed(one)) for one in entries(said, model)[::-1]]


def _timed(told: dict[str, Any]) -> dict[str, Any]:
    kept = {name: told[name] for name in Entry.model_fields}
    times = {name: kept[name] and parse_time(kept[name]) for name in ("written_at", "as_of")}
    return kept | times


def card(index: Index, spec: ModelSpec, row: ModelRow, version: int) -> Card | None:
    """Of a version; None where it has no record that can be read."""
    if not index.store.list_files(release_folder(spec.name, version), ".json"):
        return None
    try:
        record = release_of(index.store, spec.name, version)
    except CallerError:
        return None
    cost, provenance = record.cost, record.provenance
    return Card(
        version=record.version,
        record=record.digest,
        as_of=record.as_of,
        first=record.data.first,
        last=record.data.last,
        rows=record.data.rows,
        training_set=record.data.training_set,
        tables=_tables(record),
        commit=provenance.code.commit if provenance else None,
        mlflow_run=record.run_id,
        approval=approval_of(record.approval),
        cpu_s=cost.cpu_s if cost else None,
        gpu_s=cost.gpu_s if cost else None,
        metrics=_metrics(record),
        features=list(_features(index, spec, row)),
    )


def _tables(record: ReleaseRecord) -> dict[str, list[int | None]]:
    found: dict[str, set[int | None]] = {}
    for part in record.data.partitions:
        for name, rows in part.tables.items():
            found.setdefault(name, set()).add(rows.version)
    return {name: sorted(versions, key=lambda one: -1 if one is None else one) for name, versions in found.items()}


def _metrics(record: ReleaseRecord) -> dict[str, dict[str, dict[str, float | None]]]:
    judged = record.evaluation.metrics
    return {who: {name: figure.model_dump() for name, figure in of.items()} for who, of in judged.items()}


def _features(index: Index, spec: ModelSpec, row: ModelRow) -> Iterator[FeatureView]:
    ages = _ages(index, spec.name, row.drift.part) if row.drift else {}
    views = declared_views(spec.dataset)
    used = {feature.name for feature in features_of(views, spec.features, spec.name)}
    for view in views:
        names = [feature.name for feature in view.features if feature.name in used]
        if names:
            yield FeatureView(
                view=view.name,
                owner=view.owner,
                refresh=view.refresh,
                source=view.source,
                names=names,
                age_h=ages.get(view.name),
            )


def _ages(index: Index, model: str, part: str) -> dict[str, float]:
    """By view. A report may be written anew, so it is not kept."""
    path = drift_report(model, part)
    if not index.store.exists(path):
        return {}
    states = json.loads(index.store.read_file(path)).get("states", [])
    seen = [state["observation"] for state in states]
    return {
        one["subject"]: one["value"] for one in seen if one["statistic"] == "feature_age_h" and one["value"] is not None
    }
