import pytest

from pipelines.gates.kinds.bounds import Ceiling, Floor
from tests.pipelines.gates.hand_written import DAY, RIGHT, evidence


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
