import pytest
from pydantic import ValidationError

from pipelines.gates.kinds.bounds import WITHOUT_INTERVAL, Ceiling, Floor
from pipelines.metrics import measure_all
from tests.pipelines.gates.hand_written import DAY, LABEL, RIGHT, evidence


@pytest.mark.parametrize(("at_least", "verdict"), [(0.99, "pass"), (1.0, "pass"), (1.01, "fail")])
def test_a_floor_is_reached_or_not(at_least, verdict):
    result = Floor(kind="floor", metric="auc", at_least=at_least).judge(evidence())
    assert result.verdict == verdict and f"at least {at_least:g} is asked" in result.sentence


@pytest.mark.parametrize(("at_most", "verdict"), [(0.05, "pass"), (0.04, "fail")])
def test_a_ceiling_is_kept_or_not(at_most, verdict):
    # (0.1² + 0.2² + 0.3²) / 3 = 0.0467
    result = Ceiling(kind="ceiling", metric="brier", at_most=at_most).judge(evidence())
    assert result.verdict == verdict and result.value == pytest.approx(0.14 / 3)


@pytest.mark.parametrize(("at_most", "verdict"), [(0.2, "pass"), (0.05, "cannot_tell"), (-0.1, "fail")])
def test_by_its_interval_a_ceiling_may_be_undecided(at_most, verdict):
    gate = Ceiling(kind="ceiling", metric="brier", at_most=at_most, judged_by="interval")
    result = gate.judge(evidence())
    assert result.verdict == verdict and result.stops == (verdict != "pass")
    assert "of the whole interval" in result.sentence


def test_one_day_has_no_interval():
    gate = Floor(kind="floor", metric="auc", at_least=0.5, judged_by="interval")
    assert gate.judge(evidence(RIGHT, day=DAY * 0)).verdict == "cannot_tell"


def test_what_a_spec_lets_pass_does_not_stop():
    gate = Floor(kind="floor", metric="auc", at_least=0.5, judged_by="interval", cannot_tell="promote")
    assert not gate.judge(evidence(RIGHT, day=DAY * 0)).stops
    shown = Floor(kind="floor", metric="auc", at_least=2, report_only=True).judge(evidence())
    assert (shown.verdict, shown.stops) == ("fail", False)


def test_a_metric_without_an_interval_is_not_judged_by_it():
    told = r'judged_by must be "point" for pr_auc, which has no interval here \(got "interval"\)'
    with pytest.raises(ValidationError, match=told):
        Floor(kind="floor", metric="pr_auc", at_least=0.3, judged_by="interval")
    with pytest.raises(ValidationError, match=r"for ece, .* or use the gate calibration"):
        Ceiling(kind="ceiling", metric="ece", at_most=0.1, judged_by="interval")


def test_all_other_metrics_have_an_interval():
    found = measure_all("classification", LABEL, RIGHT, DAY) | measure_all("regression", LABEL, RIGHT, DAY)
    assert {name for name, one in found.items() if one.low is None} == set(WITHOUT_INTERVAL)
