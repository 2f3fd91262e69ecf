"""What chance alone reaches, kept with the model's version: computed once, and anew when what it rests on changed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields

import numpy as np

from pipelines.drift.assessment import informing_columns
from pipelines.drift.calibration import Thresholds, calibrate
from pipelines.drift.inputs import ReferenceProfile
from pipelines.drift.windows import Reference
from pipelines.interval import Granularity
from pipelines.layout import drift_thresholds
from pipelines.monitoring_spec import DAYS_OF
from pipelines.spec import ModelSpec, find_dataset
from pipelines.store import Store

WINDOW_DAYS: Mapping[Granularity, float] = {"day": 1.0, "month": DAYS_OF["month"]}


def bounds_of(spec: ModelSpec, store: Store, reference: Reference, profile: ReferenceProfile) -> Mapping[str, float]:
    """By series, in its unit; none where the spec declares no rate of false alarms.

    Raises EmptyWindow when the reference is too short to tell.
    """
    if spec.monitoring.false_alarms is None:
        return {}
    path, informs = drift_thresholds(spec.name, reference.version), informing_columns(spec, reference)
    made_from = _digest(spec, reference, profile, informs)
    kept = json.loads(store.read_file(path)) if store.exists(path) else {}
    if kept.get("made_from") == made_from:
        return Thresholds(**kept["thresholds"]).bounds
    days = WINDOW_DAYS[find_dataset(spec.dataset).partition]
    found = calibrate(profile, reference.held_out, spec.monitoring, days, informs)
    written = {"made_from": made_from, "thresholds": json.loads(found.to_json())}
    store.write_file(path, json.dumps(written, indent=1, sort_keys=True).encode())
    return found.bounds


def _digest(spec: ModelSpec, reference: Reference, profile: ReferenceProfile, informs: frozenset[str]) -> str:
    """SHA-256 of all that decides the bounds: declaration, counts of the reference's days, held-out scores.

    And of the form in which they are kept, so that those of another version of Trainyard are computed anew.
    """
    form = [field.name for field in fields(Thresholds)]
    declared = [
        spec.monitoring.model_dump(mode="json"),
        sorted(informs),
        [str(day) for day in profile.profile.days],
        form,
    ]
    digest = hashlib.sha256(json.dumps(declared, sort_keys=True).encode())
    for name, column in sorted(profile.profile.columns.items()):
        digest.update(name.encode() + np.ascontiguousarray(column.counts).tobytes())
    for values in (reference.held_out.label, reference.held_out.score):
        digest.update(np.ascontiguousarray(values, dtype="float64").tobytes())
    return digest.hexdigest()
