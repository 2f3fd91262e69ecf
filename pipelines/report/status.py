"""What is in force, since when, and what was last said about it."""

from typing import Any

from pipelines.champions import in_force_at
from pipelines.dataset import VALIDATED
from pipelines.environment import store_uri
from pipelines.gates.evaluations import newest_evaluation
from pipelines.journal import everything, latest
from pipelines.retrain.freeze import freeze_in_force
from pipelines.retrain.serving import resume_command, stops
from pipelines.spec import find_model
from pipelines.store import Store
from pipelines.voids import void_partitions


def status(model: str) -> dict[str, Any]:
    """Champion, newest evaluation, drift and decision of a model; None where there is none yet. Times are UTC.

    Reads the store alone: it answers while Airflow and MLflow are away.
    """
    spec, store = find_model(model), Store(store_uri())
    said = everything(store)
    champion, frozen, stopped = in_force_at(said, model), freeze_in_force(said, model), stops(said, model)
    validated = latest(store, VALIDATED, spec.dataset)
    drift, decision = latest(store, "drift", model), latest(store, "decision", model)
    return {
        "model": model,
        "dataset": {"name": spec.dataset, "newest_partition": validated.content["part"] if validated else None},
        "champion": {
            "version": champion.version if champion else None,
            "effective_from": champion.effective_from.isoformat() if champion else None,
        },
        "evaluation": _newest_evaluation(store, model),
        "drift": {
            "partition": drift.content["part"] if drift else None,
            "severity": drift.content["severity"] if drift else None,
            "reasons": drift.content["reasons"] if drift else [],
        },
        "decision": decision.content["decision"] if decision else None,
        "decision_reason": decision.content["reason"] if decision else None,
        "freeze": frozen.model_dump(mode="json") if frozen else None,
        "serving_stopped": [{"since": stop.since.isoformat(), "reason": stop.reason} for stop in stopped],
        "void": [{"partition": one.scored.part, "reason": one.reason} for one in void_partitions(spec, store)],
    }


def _newest_evaluation(store: Store, model: str) -> dict[str, Any]:
    newest = newest_evaluation(store, model)
    if newest is None:
        return {"version": None, "verdict": None, "as_of": None, "sentence": None}
    return {
        "version": newest.version,
        "verdict": newest.verdict,
        "as_of": newest.as_of,
        "sentence": newest.sentence,
    }


def as_text(found: dict[str, Any]) -> str:
    champion, judged, drift = found["champion"], found["evaluation"], found["drift"]
    none_yet = f"none yet; train one: python -m pipelines backfill {found['model']}__train --start … --end …"
    in_force = f"version {champion['version']} since {champion['effective_from']}"
    lines = {
        "data": f"{found['dataset']['name']} up to {found['dataset']['newest_partition'] or 'nothing yet'}",
        "champion": in_force if champion["version"] else none_yet,
        "evaluation": f"{judged['verdict']}: {judged['sentence']}" if judged["verdict"] else "none yet",
        "drift": f"{drift['severity']} in {drift['partition']}: {'; '.join(drift['reasons']) or 'nothing moved'}"
        if drift["severity"]
        else "none yet",
        "decision": f"{found['decision']}: {found['decision_reason']}" if found["decision"] else "none yet",
    }
    if found["freeze"]:
        frozen = found["freeze"]
        lines["frozen"] = f"until {frozen['until']} by {frozen['by']}: {frozen['reason']}"
    if found["serving_stopped"]:
        told = "; ".join(f"since {stop['since']}: {stop['reason']}" for stop in found["serving_stopped"])
        lines["stopped"] = f"{told}. Once it is mended: {resume_command(found['model'])}"
    if found["void"]:
        parts, reasons = ([one[key] for one in found["void"]] for key in ("partition", "reason"))
        lines["void"] = f"predictions of {', '.join(parts)}: {'; '.join(dict.fromkeys(reasons))}"
    return "\n".join([found["model"], *[f"  {name:<11} {text}" for name, text in lines.items()]])
