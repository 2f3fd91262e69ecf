"""What is in force, since when, and what was last said about it."""

import textwrap
from typing import Any

from pipelines.champions import in_force_at
from pipelines.dataset import VALIDATED
from pipelines.environment import store_uri
from pipelines.gates.evaluations import newest_evaluation
from pipelines.interval import midnight, parse_time
from pipelines.journal import everything, latest
from pipelines.layout import drift_page
from pipelines.retrain.freeze import freeze_in_force
from pipelines.retrain.outcome import outcome_by
from pipelines.retrain.serving import resume_command, stops
from pipelines.spec import find_model
from pipelines.store import Store
from pipelines.voids import void_partitions

REASONS = 3
INDENT = len(f"  {'':<11} ")


def status(model: str) -> dict[str, Any]:
    """Champion, newest evaluation, drift and decision of a model; None where there is none yet. Times are UTC.

    Reads the store alone: it answers while Airflow and MLflow are away.
    """
    spec, store = find_model(model), Store(store_uri())
    said = everything(store)
    champion, frozen, stopped = in_force_at(said, model), freeze_in_force(said, model), stops(said, model)
    validated = latest(store, VALIDATED, spec.dataset)
    drift, decision = latest(store, "drift", model), latest(store, "decision", model)
    outcome = outcome_by(said, store, model, decision) if decision else None
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
            "cause": drift.content.get("cause") if drift else None,
            "sentence": drift.content.get("sentence") if drift else None,
            "reasons": drift.content["reasons"] if drift else [],
            "page": store.location(drift_page(model, drift.content["part"])) if drift else None,
        },
        "decision": decision.content["decision"] if decision else None,
        "decision_reason": decision.content["reason"] if decision else None,
        "decision_part": decision.content.get("part") if decision else None,
        "decision_outcome": outcome.sentence if outcome else None,
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


def as_text(found: dict[str, Any], width: int = 100) -> str:
    """What is wrong, since when and what to do; what was decided; then what is in force. Commands stay on one line."""
    lines = [*_drift(found["drift"]), *_decided(found), *_in_force(found)]
    told = [text for name, one in lines for text in _wrapped(name, one, width)]
    return "\n".join([found["model"], *told])


def _drift(drift: dict[str, Any]) -> list[tuple[str, str]]:
    if not drift["severity"]:
        return [("drift", "none yet")]
    sentence = drift["sentence"] or ("" if drift["reasons"] else "nothing moved")
    told = [("drift", f"{drift['severity']} in {drift['partition']}{': ' if sentence else ''}{sentence}")]
    told += [("", f"- {reason}") for reason in drift["reasons"][:REASONS]]
    more = len(drift["reasons"]) - REASONS
    return [*told, *([("", f"- and {more} more")] if more > 0 else []), ("", f"page: {drift['page']}")]


def _decided(found: dict[str, Any]) -> list[tuple[str, str]]:
    told = [("decision", "none yet")]
    if found["decision"]:
        reason, sentence = found["decision_reason"], found["drift"]["sentence"]
        reason = reason.replace(sentence, "as above") if sentence else reason
        about = f" on {found['decision_part']}" if found["decision_part"] else ""
        told = [("decision", f"{found['decision']}{about}: {reason}")]
        told += [("", found["decision_outcome"])] if found["decision_outcome"] else []
    for stop in found["serving_stopped"]:
        told += [("stopped", f"since {_day(stop['since'])}: {stop['reason']}")]
    if found["serving_stopped"]:
        told += [("", f"once it is mended: {resume_command(found['model'])}")]
    if frozen := found["freeze"]:
        told += [("frozen", f"until {_day(frozen['until'])} by {frozen['by']}: {frozen['reason']}")]
    if found["void"]:
        parts, reasons = ([one[key] for one in found["void"]] for key in ("partition", "reason"))
        told += [("void", f"predictions of {', '.join(parts)}: {'; '.join(dict.fromkeys(reasons))}")]
    return told


def _in_force(found: dict[str, Any]) -> list[tuple[str, str]]:
    champion, judged, data = found["champion"], found["evaluation"], found["dataset"]
    none_yet = f"none yet; train one: python -m pipelines backfill {found['model']}__train --start … --end …"
    since = (
        f"version {champion['version']} since {_day(champion['effective_from'])}" if champion["version"] else none_yet
    )
    gates = f"{judged['sentence']} (as of {_day(judged['as_of'])})" if judged["verdict"] else "none yet"
    return [
        ("champion", since),
        ("gates", gates),
        ("data", f"{data['name']} up to {data['newest_partition']}" if data["newest_partition"] else "none yet"),
    ]


def _day(time: str) -> str:
    """A time in UTC, without its hour where that is midnight."""
    at = parse_time(time)
    return f"{at:%F}" if at == midnight(at.date()) else f"{at:%F %R}"


def _wrapped(name: str, text: str, width: int) -> list[str]:
    first, rest = f"  {name:<11} ", " " * INDENT + ("  " if text.startswith("- ") else "")
    if "python -m " in text or text.startswith("page: "):
        return [f"{first}{text}"]
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
