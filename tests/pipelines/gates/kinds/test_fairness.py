import json

import numpy as np
import pandas as pd
import pytest
from fairlearn import metrics as reference
from pydantic import ValidationError

from pipelines.errors import SpecError
from pipelines.gates.kinds.fairness import Fairness
from pipelines.spec import MODELS, load_models
from tests.pipelines.gates.hand_written import RIGHT, evidence

DIFFERENCES = ("demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference")
DAY = [0, 0, 1, 1, 0, 0, 1, 1]


def gate(measure="demographic_parity_difference", **rest) -> Fairness:
    fields = {"by": "carrier", "at_most": 0.2, "min_rows": 1, **rest}
    fields |= {} if measure == "mae_difference" else {"threshold": fields.get("threshold", 0.5)}
    return Fairness(kind="fairness", measure=measure, **fields)


def carriers(text):
    return pd.DataFrame({"carrier": list(text)})


@pytest.fixture(scope="module")
def month():
    """Label, score, day and carrier of 3,000 rows; C is scored .2 higher than A and B."""
    chance = np.random.default_rng(1)
    label, carrier = chance.integers(0, 2, 3000).astype(float), chance.choice(list("ABC"), 3000)
    score = np.clip(0.3 + 0.3 * label + 0.2 * (carrier == "C") + chance.normal(0, 0.2, 3000), 0, 1)
    return label, score, np.repeat(np.arange(30), 100), carrier


def test_the_two_extreme_groups_are_named():
    # predicted positive: A 2 of 2, B 1 of 2, C 0 of 2
    result = gate().judge(evidence([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], features=carriers("AABBCC")))
    assert (result.verdict, result.value, result.bound, result.rows) == ("fail", 1, 0.2, 6)
    assert "selection rate is highest for carrier=A (1.0000), lowest for carrier=C (0.0000)" in result.sentence
    assert result.metric == "demographic_parity_difference by carrier" and result.stops
    assert result.details["groups"][1] == {"name": "carrier=B", "rows": 2, "selection_rate": 0.5}


def test_groups_treated_alike_pass():
    result = gate().judge(evidence(RIGHT, features=carriers("AABBCC")))
    assert (result.verdict, result.value) == ("pass", 0)


@pytest.mark.parametrize("measure", DIFFERENCES)
def test_the_difference_is_fairlearns(month, measure):
    label, score, day, carrier = month
    result = gate(measure).judge(evidence(score, label=label, day=day, features=carriers(carrier)))
    expected = getattr(reference, measure)(label, score >= 0.5, sensitive_features=carrier)
    assert result.value == pytest.approx(expected) and result.low < expected < result.high
    assert "highest for carrier=C" in result.sentence
    json.dumps(result.details)


def test_equalized_odds_name_the_rate_that_is_further_apart():
    label = [1, 1, 0, 0, 1, 1, 0, 0]
    score = [0.9, 0.9, 0.9, 0.1, 0.9, 0.1, 0.1, 0.1]
    # true positives: A 1, B .5; false positives: A .5, B 0; a tie goes to the first
    asked = {"label": label, "day": [0, 0, 1, 1, 0, 0, 1, 1], "features": carriers("AAAABBBB")}
    assert (
        "the true positive rate is highest"
        in gate("equalized_odds_difference").judge(evidence(score, **asked)).sentence
    )
    score[1] = 0.1
    assert (
        "the false positive rate is highest"
        in gate("equalized_odds_difference").judge(evidence(score, **asked)).sentence
    )


def test_the_threshold_says_what_is_positive():
    asked = evidence([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], features=carriers("AABBCC"))
    assert gate(threshold=0.05).judge(asked).value == 0
    assert gate(threshold=0.3).judge(asked).value == 0.5  # a score at the threshold is positive


def test_small_groups_are_left_out_and_named():
    result = gate(min_rows=2).judge(evidence([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], features=carriers("AABBCD")))
    assert result.value == 0.5 and result.rows == 4
    assert result.sentence.endswith("too small and left out: carrier=C (1 rows), carrier=D (1 rows)")


def test_a_group_without_late_flights_has_no_true_positive_rate():
    result = gate("equal_opportunity_difference").judge(evidence(RIGHT, features=carriers("ABABAC")))
    # B and C have flights that arrived in time only
    assert (result.verdict, result.stops) == ("cannot_tell", True)
    assert "fewer than two groups of carrier" in result.sentence and "carrier=B (2 rows)" in result.sentence


def test_errors_in_minutes_are_compared_for_a_regression():
    label, value = [10, 20, 30, 40], [10, 22, 40, 40]
    asked = evidence(value, label=label, day=[0, 1, 0, 1], features=carriers("AABB"))
    result = gate("mae_difference", at_most=5).judge(asked)
    assert (result.verdict, result.value) == ("pass", 4)  # A: (0 + 2) / 2, B: (10 + 0) / 2
    assert "mean absolute error is highest for carrier=B (5.0000), lowest for carrier=A (1.0000)" in result.sentence


def test_a_report_never_stops():
    result = gate(report_only=True).judge(evidence([0.9, 0.8, 0.7, 0.1, 0.2, 0.3], features=carriers("AABBCC")))
    assert (result.verdict, result.stops) == ("fail", False)


@pytest.mark.parametrize("fields", [{"measure": DIFFERENCES[0]}, {"measure": "mae_difference", "threshold": 0.5}])
def test_the_threshold_belongs_to_the_measures_of_classes(fields):
    with pytest.raises(ValidationError, match="threshold must be given, except for mae_difference"):
        Fairness(kind="fairness", by="carrier", at_most=0.1, **fields)


def test_a_measure_must_fit_the_task(tmp_path):
    text = (MODELS / "arrival_minutes.toml").read_text()
    declared = (
        '[[gates]]\nkind = "fairness"\nby = "carrier"\nmeasure = "demographic_parity_difference"\n'
        "threshold = 0.5\nat_most = 0.2\n\n[monitoring]"
    )
    (tmp_path / "arrival_minutes.toml").write_text(text.replace("[monitoring]", declared))
    words = r"gates\[\d+\]: fairness on demographic_parity_difference by carrier is for classification only"
    with pytest.raises(SpecError, match=words):
        load_models(tmp_path)
