import json

import numpy as np
import pytest
from scipy.special import expit

from pipelines.errors import SpecError
from pipelines.gates.kinds.calibration import Calibration
from pipelines.gates.recalibration import METHODS, recalibrated
from pipelines.gates.reliability import reliability_of
from pipelines.spec import MODELS, load_models
from tests.pipelines.gates.hand_written import DAY, LABEL, RIGHT, evidence


def gate(ece_at_most, **rest) -> Calibration:
    return Calibration(kind="calibration", ece_at_most=ece_at_most, **rest)


@pytest.fixture(scope="module")
def month():
    """Label, the true risk and the day of 6,000 rows in 30 days."""
    chance = np.random.default_rng(3)
    risk = expit(chance.normal(-1, 1.2, 6000))
    return (chance.random(6000) < risk).astype(float), risk, np.repeat(np.arange(30), 200)


@pytest.mark.parametrize(("ece_at_most", "verdict"), [(0.21, "pass"), (0.19, "fail")])
def test_the_error_is_the_mean_gap_of_the_bins(ece_at_most, verdict):
    # six rows, six bins: (0.1 + 0.1 + 0.2 + 0.2 + 0.3 + 0.3) / 6
    result = gate(ece_at_most).judge(evidence())
    assert (result.verdict, result.stops) == (verdict, verdict == "fail")
    assert result.value == pytest.approx(0.2) and result.low <= 0.2 <= result.high
    assert (result.metric, result.bound, result.rows) == ("ece", ece_at_most, 6)


def test_the_brier_score_comes_in_its_parts():
    found = reliability_of(LABEL, RIGHT, DAY)
    assert found.reliability == pytest.approx(0.14 / 3)
    assert (found.resolution, found.uncertainty) == pytest.approx((0.25, 0.25))
    assert found.within_bins == pytest.approx(0)


def test_the_parts_add_up_to_the_brier_score(month):
    label, risk, day = month
    found = reliability_of(label, risk, day)
    total = found.reliability - found.resolution + found.uncertainty + found.within_bins
    assert total == pytest.approx(((label - risk) ** 2).mean()) == pytest.approx(found.brier)
    assert found.reliability < 0.001 < found.resolution


def test_days_that_share_their_luck_widen_the_interval(month):
    label, risk, day = month
    alone = reliability_of(label, risk - 0.1, np.arange(6000)).ece
    lucky = np.where(np.repeat(np.random.default_rng(0).random(30) < 0.5, 200), label, 0)
    shared = reliability_of(lucky, risk - 0.1, day).ece
    assert shared.high - shared.low > 2 * (alone.high - alone.low)


def test_one_day_has_no_interval_and_cannot_tell():
    result = gate(0.3, judged_by="interval").judge(evidence(day=DAY * 0))
    assert (result.verdict, result.low, result.stops) == ("cannot_tell", None, True)
    assert "too few days of both classes to say whether recalibrating would help" in result.sentence


def test_the_bound_may_be_asked_of_the_whole_interval(month):
    label, risk, day = month
    asked = evidence(risk, label=label, day=day)
    high = gate(0.5).judge(asked).high
    verdicts = [gate(bound, judged_by="interval").judge(asked).verdict for bound in (high + 0.001, high - 0.001)]
    assert verdicts == ["pass", "cannot_tell"]


def test_a_wrong_scale_is_told_apart_from_missing_knowledge(month):
    label, risk, day = month
    result = gate(0.05).judge(evidence(risk**2, label=label, day=day))
    assert result.verdict == "fail" and result.sentence.endswith("and pass")
    assert "on the other days it would be 0.0" in result.sentence
    assert {method: one["verdict"] for method, one in result.details["recalibrated"].items()} == {
        "isotonic": "pass",
        "sigmoid": "pass",
    }


def test_what_one_half_of_the_days_cannot_teach_the_other_stays_a_failure():
    label = np.tile([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0], 5)
    day = np.repeat(np.arange(10), 4)
    result = gate(0.2).judge(evidence(np.full(40, 0.05), label=label, day=day))
    assert result.verdict == "fail" and "; even recalibrated by" in result.sentence
    assert result.sentence.endswith("and not pass")


@pytest.mark.parametrize("method", METHODS)
def test_no_day_is_mapped_by_its_own_labels(month, method):
    label, risk, day = month
    even = day % 2 == 0
    before = recalibrated(label, risk, day, method)
    after = recalibrated(np.where(even, 1 - label, label), risk, day, method)
    np.testing.assert_array_equal(before[even], after[even])
    assert np.abs(before[~even] - after[~even]).mean() > 0.1


def test_the_details_can_be_written_as_json(month):
    label, risk, day = month
    details = json.loads(json.dumps(gate(0.05).judge(evidence(risk, label=label, day=day)).details))
    assert len(details["curve"]) == 10 and details["curve"][0].keys() == {"predicted", "observed", "share"}
    assert sum(one["share"] for one in details["curve"]) == pytest.approx(1)
    assert details["recalibrated"]["isotonic"].keys() == {"value", "low", "high", "brier", "verdict"}
    assert details["brier"] == pytest.approx(((label - risk) ** 2).mean())


def test_a_regression_model_cannot_declare_it(tmp_path):
    text = (MODELS / "arrival_minutes.toml").read_text()
    declared = '[[gates]]\nkind = "calibration"\nece_at_most = 0.1\n\n[monitoring]'
    (tmp_path / "arrival_minutes.toml").write_text(text.replace("[monitoring]", declared))
    words = r"arrival_minutes\.toml: gates\[\d+\]: calibration on ece is for classification only"
    with pytest.raises(SpecError, match=words):
        load_models(tmp_path)
