"""Two years of many models in a real store: their journal in one commit, and a file for each candidate."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pipelines.journal import Event, record_decided
from pipelines.layout import candidate_version
from pipelines.store import Store

FIRST_YEAR, MONTHS = 2024, 24
FAMILIES = ("train", "predict", "monitor", "rollback")


def model_names(models: int) -> list[str]:
    return [f"model_{number:03}" for number in range(models)]


def month(number: int) -> datetime:
    years, months = divmod(number, 12)
    return datetime(FIRST_YEAR + years, months + 1, 1, tzinfo=UTC)


def fill(store: Store, models: list[str]) -> int:
    """Returns the number of events."""
    events = [event for place, name in enumerate(models) for event in _story(name, place)]
    record_decided(store, lambda said: events)
    for place, name in enumerate(models):
        for version in range(1, MONTHS + 1):
            cost = {"cpu_s": 40.0 + place % 50, "gpu_s": None, "wall_s": 30.0, "peak_memory_mb": 900.0}
            store.write_file(candidate_version(name, version), json.dumps({"version": version, "cost": cost}).encode())
    return len(events)


def _story(name: str, place: int) -> Iterator[Event]:
    number = 0
    for version in range(1, MONTHS + 1):
        at, fails = month(version), (version + place) % 7 == 0
        for kind, told in _candidate(version, fails):
            number += 1
            yield Event(kind, name, at, told, number)
        severity = ("ok", "ok", "ok", "info", "warning", "critical")[(version * 7 + place) % 6]
        yield Event("drift", name, at, _drift(version, severity, 0.7 + (place % 20) / 200))
        decision = "retrain" if severity == "critical" else "none"
        told = {"part": _part(version), "decision": decision, "reason": "as it was", "acted_on": [], "triggers": False}
        yield Event("decision", name, at, told)


def _candidate(version: int, fails: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    verdict = "fail" if fails else "pass"
    told = {"version": version, "champion_version": None, "attempt": 1, "verdict": verdict, "digest": f"{version:064}"}
    yield "evaluation", told | {"sentence": f"version {version}: {verdict}", "record": "0" * 64}
    if not fails:
        at = month(version).isoformat()
        content = {"version": version, "run_id": "a" * 32, "trained_until": at, "evaluation": f"{version:064}"}
        yield "promotion", content | {"against": None, "approval": None}


def _part(version: int) -> str:
    return f"{month(version - 1):%Y-%m}"


def _drift(version: int, severity: str, value: float) -> dict[str, Any]:
    seen = {"part": _part(version), "version": max(version - 1, 1), "metric": "auc", "value": value}
    quality = [seen | {"low": value - 0.02, "high": value + 0.02, "labelled": 0.98, "final": True}]
    told = {"part": _part(version), "severity": severity, "reasons": [], "cause": "unknown", "quality": quality}
    return told | {"sentence": f"{severity} in {_part(version)}."}
