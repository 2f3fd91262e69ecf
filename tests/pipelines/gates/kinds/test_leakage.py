from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.gates.kinds.leakage import Leakage
from pipelines.spec import find_model
from tests.pipelines.gates.hand_written import evidence

SPEC = find_model("flight_delay").model_copy(
    update={"features": ["schedule.carrier", "schedule.distance_mi", "weather.visibility_mi"]}
)
GATE = Leakage(kind="leakage", at_most=0.8, min_rows=8)
# Two rows of each label a day, over four days.
LABEL = np.tile([1.0, 1.0, 0.0, 0.0], 4)
DAY = np.repeat([0, 1, 2, 3], 4)
NOISE = np.tile([1.0, 4.0, 2.0, 3.0], 4)  # AUC 0.5


def judged(label=LABEL, spec=SPEC, gate=GATE, **columns):
    plain = {"carrier": ["UA"] * 16, "distance_mi": NOISE, "visibility_mi": NOISE}
    rows = evidence(np.zeros(16), label=label, day=DAY, features=pd.DataFrame(plain | columns))
    return gate.judge(replace(rows, spec=spec))


def test_features_that_know_nothing_pass():
    result = judged()
    assert (result.verdict, result.value, result.rows) == ("pass", 0.5, 16)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_feature_that_is_the_label_is_named(sign):
    result = judged(distance_mi=sign * LABEL)
    assert (result.verdict, result.value) == ("fail", 1.0)
    assert result.sentence == "distance_mi (1.000) alone tells the label, by AUC; at most 0.8 is asked of each"
    assert result.details["strongest"]["visibility_mi"] == {"value": 0.5}


def test_every_feature_that_leaks_is_named():
    assert judged(distance_mi=LABEL, visibility_mi=LABEL).sentence.startswith(
        "visibility_mi (1.000), distance_mi (1.000) alone tell the label"
    )


def test_a_category_that_means_the_same_on_other_days_leaks():
    assert "carrier (1.000)" in judged(carrier=np.where(LABEL == 1, "AA", "UA")).sentence


def test_a_category_of_its_own_for_each_row_tells_nothing():
    assert judged(carrier=[f"flight {row}" for row in range(16)]).verdict == "pass"


def test_that_a_value_is_missing_may_tell_the_label():
    assert "visibility_mi (1.000)" in judged(visibility_mi=np.where(LABEL == 1, 5.0, np.nan)).sentence


def test_a_feature_known_in_few_rows_is_left_out():
    few = np.where(np.arange(16) < 4, LABEL, np.nan)
    assert judged(distance_mi=few).verdict == "pass"
    assert judged(distance_mi=few, gate=Leakage(kind="leakage", at_most=0.8, min_rows=4)).verdict == "fail"


def test_without_a_measurable_feature_it_cannot_tell():
    assert judged(gate=Leakage(kind="leakage", at_most=0.8)).verdict == "cannot_tell"


def test_for_a_regression_ranks_are_compared():
    minutes = np.arange(16.0)
    spec = SPEC.model_copy(update={"target": find_model("arrival_minutes").target})
    result = judged(label=minutes, spec=spec, distance_mi=-(minutes**3))
    assert result.value == pytest.approx(1) and "distance_mi (1.000)" in result.sentence
    assert "rank correlation" in result.sentence
