"""A version's whole life: its record, every evaluation of it, and what the journal says of it since."""

from typing import Any

from pipelines.champions import PROMOTION, WITHDRAWAL
from pipelines.journal import everything, select
from pipelines.release.record import ReleaseRecord
from pipelines.release.releases import promoted_records, read_record, release_of, revisions
from pipelines.report.tree import approval_of, code_of
from pipelines.store import Store

KINDS = ("approval", PROMOTION, WITHDRAWAL)


def life(store: Store, model: str, version: int) -> dict[str, Any]:
    """JSON: `record` as it stands, sealed if it was promoted; `revisions` and `sealed` by digest; `events` in the
    order in which they were written.

    Raises MissingInput when the version has no record, TamperedRecord when a file of it was changed.
    """
    read_record(store, model, version)
    stands = release_of(store, model, version)
    said = everything(store)
    found = [event for kind in KINDS for event in select(said, kind, model) if event.content["version"] == version]
    return {
        "model": model,
        "version": version,
        "digest": stands.digest,
        "record": stands.content(),
        "revisions": [_revision(one) for one in revisions(store, model, version)],
        "sealed": [one.digest for one in promoted_records(store, model, version)],
        "events": [
            {"kind": event.kind, "at": event.at.isoformat(), **event.content}
            for event in sorted(found, key=lambda event: (event.number or 0, KINDS.index(event.kind)))
        ],
    }


def _revision(record: ReleaseRecord) -> dict[str, Any]:
    judged = record.evaluation
    return {
        "revision": record.revision,
        "digest": record.digest,
        "verdict": judged.verdict,
        "champion_version": judged.champion_version,
    }


def as_text(found: dict[str, Any]) -> str:
    record = found["record"]
    data, judged, training = record["data"], record["evaluation"], record["training"]
    metrics = ", ".join(f"{name} {figure['value']:.4f}" for name, figure in judged["metrics"]["candidate"].items())
    lines = {
        "record": f"{found['digest']} (intact)",
        "as of": record["as_of"][:10],
        "data": f"{record['dataset']['spec']['name']} {data['first']} to {data['last']}, {data['rows']:,} rows, "
        f"training set {data['training_set'][:12]}",
        "model": f"{training['model_digest'][:12]}, {training['rounds']} rounds, seed {training['seed']}",
        "code": code_of(record["provenance"]["code"] if record["provenance"] else None),
        "cost": _cost(record["cost"]),
        "metrics": metrics,
        "gates": "; ".join(f"{gate['kind']} on {gate['metric']} {gate['verdict']}" for gate in judged["gates"]),
    }
    told = [f"{found['model']} version {found['version']}", *[f"  {key:<9} {text}" for key, text in lines.items()]]
    told += [f"  evaluated {_evaluated(one)}" for one in found["revisions"]]
    told += [f"  {_event(event)}" for event in found["events"]]
    return "\n".join(told)


def _cost(cost: dict[str, Any] | None) -> str:
    if cost is None:
        return "not recorded"
    gpu = "" if cost["gpu_s"] is None else f", {cost['gpu_s']:.1f} s of GPU"
    return (
        f"{cost['cpu_s']:.1f} s of CPU, {cost['wall_s']:.1f} s in all, at most {cost['peak_memory_mb']:,.0f} MiB{gpu}"
    )


def _evaluated(revision: dict[str, Any]) -> str:
    against = revision["champion_version"]
    told = f"against version {against}" if against is not None else "without a champion"
    return f"{revision['verdict']} {told}: revision {revision['revision']}, {revision['digest'][:12]}"


def _event(event: dict[str, Any]) -> str:
    if event["kind"] == PROMOTION:
        back = " by a rollback" if event.get("rollback") else ""
        return f"promoted  in force from {event['at'][:10]}{back}"
    if event["kind"] == WITHDRAWAL:
        return f"withdrawn from {event['at'][:10]} by {event['by']}: {event['reason']}"
    return f"approval  {approval_of(event)}"
