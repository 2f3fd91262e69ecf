"""Bounds are kept with the version, and computed anew when what they rest on is another."""

import json
from dataclasses import replace

from pipelines.drift.bounds import bounds_of
from pipelines.layout import drift_thresholds
from tests.pipelines.drift.made_windows import made_reference, spec_with
from tests.pipelines.drift.test_calibration import DECLARED, reference_of

SPEC = spec_with(false_alarms=DECLARED.false_alarms)
KEPT = drift_thresholds(SPEC.name, 3)


def test_without_a_rate_of_false_alarms_there_are_none(store):
    profile, held_out = reference_of(seed=1)
    assert bounds_of(spec_with(false_alarms=None), store, replace(made_reference(), held_out=held_out), profile) == {}
    assert not store.exists(KEPT)


def test_bounds_are_kept_until_what_they_rest_on_is_another(store):
    profile, held_out = reference_of(seed=1)
    reference = replace(made_reference(), held_out=held_out)
    found, content = bounds_of(SPEC, store, reference, profile), store.read_file(KEPT)
    kept = json.loads(content)
    kept["thresholds"]["bounds"] = {"input/psi/carrier": 7.0}
    store.write_file(KEPT, json.dumps(kept).encode())
    assert bounds_of(SPEC, store, reference, profile) == {"input/psi/carrier": 7.0}, "read, not computed"
    store.write_file(KEPT, content)
    moved = replace(reference, held_out=replace(held_out, score=held_out.score**2))
    assert bounds_of(SPEC, store, moved, profile) != found
    assert bounds_of(SPEC, store, reference, profile) == found and store.read_file(KEPT) == content


def test_bounds_of_another_form_are_computed_anew(store):
    """As another version of Trainyard kept them."""
    profile, held_out = reference_of(seed=1)
    reference = replace(made_reference(), held_out=held_out)
    store.write_file(KEPT, json.dumps({"made_from": "another", "thresholds": {"bound": 1}}).encode())
    found = bounds_of(SPEC, store, reference, profile)
    assert found and json.loads(store.read_file(KEPT))["thresholds"]["bounds"] == dict(found)
