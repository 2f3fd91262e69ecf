import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy.special import expit
from scipy.stats import false_discovery_control

from pipelines.errors import SpecError
from pipelines.gates.comparison import compare
from pipelines.gates.kinds.slices import Slices
from pipelines.gates.multiplicity import benjamini_hochberg, corrected, holm
from pipelines.gates.slicing import Slice, slices, worse_slices
from tests.pipelines.gates.hand_written import RIGHT, evidence

DAYS, ROWS = 30, 6000
P_VALUES = np.array([0.04, 0.001, 0.03, 0.5])


def gate(columns=("origin",), **rest) -> Slices:
    fields = {"metric": "brier", "not_worse_by": 0.01, "columns": list(columns), "min_rows": 2, **rest}
    return Slices(kind="slices", **fields)


def month(seed=0, carriers=8):
    """Label, risk, day and columns of 6,000 rows in 30 days that share their luck."""
    chance = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), ROWS // DAYS)
    risk = expit(chance.normal(-1, 1, ROWS) + chance.normal(0, 0.4, DAYS)[day])
    columns = {
        "origin": chance.choice(["EWR", "JFK", "LGA"], ROWS),
        "carrier": chance.choice([f"C{i}" for i in range(carriers)], ROWS),
    }
    return (chance.random(ROWS) < risk).astype(float), risk, day, pd.DataFrame(columns)


def names(features, columns, depth=1):
    return {one.name: list(one.rows) for one in slices(features, columns, depth)}


def test_a_slice_is_a_value_of_a_column():
    features = pd.DataFrame({"origin": ["B", "A", None, "A"], "weekday": [0.0, 6.0, 0.0, np.nan]})
    assert names(features, ["origin", "weekday"]) == {
        "origin=A": [1, 3],
        "origin=B": [0],
        "origin=missing": [2],
        "weekday=0": [0, 2],
        "weekday=6": [1],
        "weekday=missing": [3],
    }


def test_two_deep_adds_pairs_that_are_not_a_slice_already():
    features = pd.DataFrame({"origin": ["A", "A", "B", "B"], "carrier": ["x", "y", "x", "x"]})
    pairs = {name: rows for name, rows in names(features, ["origin", "carrier"], 2).items() if "&" in name}
    # A and y is all of y, B and x is all of B
    assert pairs == {"origin=A & carrier=x": [0]}


def test_categories_of_pandas_are_values_like_others():
    features = pd.DataFrame({"origin": pd.Categorical(["B", "A", "B"], categories=["A", "B", "C"])})
    assert names(features, ["origin"]) == {"origin=A": [1], "origin=B": [0, 2]}


def test_too_many_numbers_make_no_slices():
    with pytest.raises(SpecError, match=r"column distance_mi cannot be .* 51 different numbers .* more than 50"):
        slices(pd.DataFrame({"distance_mi": np.arange(51.0)}), ["distance_mi"], 1)
    assert len(slices(pd.DataFrame({"distance_mi": np.arange(50.0)}), ["distance_mi"], 1)) == 50


def test_holm_multiplies_the_smallest_by_all_and_never_turns_the_order():
    assert holm(P_VALUES) == pytest.approx([0.09, 0.004, 0.09, 0.5])


def test_benjamini_and_hochberg_equal_scipys():
    assert benjamini_hochberg(P_VALUES) == pytest.approx(false_discovery_control(P_VALUES))
    assert corrected(P_VALUES, "benjamini_hochberg")[0] < corrected(P_VALUES, "holm")[0]


def test_a_broken_slice_is_found_and_named():
    label, risk, day, features = month()
    broken = np.where(features["carrier"] == "C3", 1 - risk, risk)
    asked = evidence(broken, risk, label=label, day=day, features=features)
    result = gate(["origin", "carrier"], min_rows=300, not_worse_by=0.02).judge(asked)
    assert result.verdict == "fail" and result.stops and result.metric == "brier by origin, carrier"
    # each origin holds an eighth of it, which costs it .035
    assert "in 4 of 11 slices (Holm, 0 too small to test); worst is carrier=C3 with " in result.sentence
    worst, *others = result.details["slices"]
    assert worst["name"] == "carrier=C3" and worst["p_corrected"] < 0.001 and worst["high"] < -0.02
    assert (result.value, result.low, result.high) == (worst["value"], worst["low"], worst["high"])
    assert len(others) == 10


def test_only_a_pair_may_be_broken():
    label, risk, day, features = month(carriers=3)
    pair = (features["carrier"] == "C1") & (features["origin"] == "JFK")
    # JFK and C1 as wholes lose a third of the pair's .2 or less
    asked = evidence(np.where(pair, 1 - risk, risk), risk, label=label, day=day, features=features)
    deep = gate(["origin", "carrier"], depth=2, not_worse_by=0.12).judge(asked)
    assert deep.verdict == "fail" and "worst is origin=JFK & carrier=C1 with" in deep.sentence
    assert gate(["origin", "carrier"], not_worse_by=0.12).judge(asked).verdict == "pass"


def test_an_equal_candidate_passes_in_every_slice():
    label, risk, day, features = month()
    result = gate(metric="auc").judge(evidence(risk, risk, label=label, day=day, features=features))
    assert result.verdict == "pass" and (result.value, result.low, result.high) == (0, 0, 0)
    assert "worse than the champion by more than 0.01 in none of 3 slices" in result.sentence
    assert {one["verdict"] for one in result.details["slices"]} == {"pass"}


def null_tests(seed):
    """Ten slices of sixty rows in 30 days, each exactly at a margin of .1: its rows lose that much on average."""
    chance = np.random.default_rng(seed)
    day = np.repeat(np.arange(DAYS), 20)
    lost = 0.1 + chance.normal(0, 0.05, DAYS)[day] + chance.normal(0, 0.05, 600)
    found = [Slice(f"origin={i}", np.arange(i, 600, 10)) for i in range(10)]

    def compared_at(at):
        return compare("mae", np.zeros(len(at)), 1 + lost[at], np.ones(len(at)), day[at])

    return worse_slices(found, compared_at, 0.1, "holm")


def test_corrected_tests_keep_the_error_of_the_family():
    """Of 200 simulations; .08 is alpha, .05, and two standard errors."""
    families = [null_tests(seed) for seed in range(200)]
    alone = np.array([[one.p for one in family] for family in families])
    together = np.array([[one.p_corrected for one in family] for family in families])
    np.testing.assert_allclose(together[0], holm(alone[0]))
    assert np.mean(alone.min(axis=1) <= 0.05) > 0.15
    assert 0 < np.mean(together.min(axis=1) <= 0.05) <= 0.08
    assert np.mean([benjamini_hochberg(p_values).min() <= 0.05 for p_values in alone]) <= 0.08


def test_small_slices_are_left_out_and_counted():
    features = pd.DataFrame({"origin": ["A", "A", "A", "A", "B", "C"]})
    result = gate(min_rows=4).judge(evidence(champion=RIGHT, features=features))
    assert [one["name"] for one in result.details["slices"]] == ["origin=A"]
    assert result.details["left_out"] == 2 and "of 1 slices (Holm, 2 too small to test)" in result.sentence


def test_no_slice_with_enough_rows_cannot_tell():
    features = pd.DataFrame({"origin": list("AABBCC")})
    result = gate(min_rows=3).judge(evidence(champion=RIGHT, features=features))
    assert (result.verdict, result.stops, result.value) == ("cannot_tell", True, None)
    assert result.sentence == "none of 3 slices has 3 rows, both classes and several days"


def test_a_slice_of_one_class_has_no_auc():
    features = pd.DataFrame({"origin": list("ABABAB")})  # A: late flights only
    assert gate(metric="auc").judge(evidence(champion=RIGHT, features=features)).verdict == "cannot_tell"


def test_a_missing_champion_means_the_other_gates_decide():
    result = gate().judge(evidence(features=pd.DataFrame({"origin": list("AABBCC")})))
    assert result.verdict == "pass" and "no champion is in force yet" in result.sentence


def test_a_baseline_can_be_the_measure():
    features = pd.DataFrame({"origin": list("AAABBB")})
    result = gate(against="majority").judge(evidence(majority=np.full(6, 0.5), features=features))
    assert result.verdict == "pass" and "worse than majority" in result.sentence and result.value > 0
    assert gate(against="majority").baselines == ["majority"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"against": "majority", "windows": 2}, "windows must be 1 against a baseline"),
        ({"depth": 2}, "depth 2 needs two columns"),
        ({"columns": ["origin", "origin"]}, "columns must be different"),
        ({"columns": []}, "at least 1 item"),
        ({"depth": 3, "columns": ["a", "b", "c"]}, "less than or equal to 2"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, words):
    with pytest.raises(ValidationError, match=words):
        gate(**fields)
