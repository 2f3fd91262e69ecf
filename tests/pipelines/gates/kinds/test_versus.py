from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.gates.kinds.versus import VersusBaseline, VersusChampion
from tests.pipelines.gates.hand_written import DAY, LABEL, RIGHT, WRONG, evidence, scored


def versus(metric="auc", **rest) -> VersusChampion:
    return VersusChampion(kind="versus_champion", metric=metric, **{"not_worse_by": 0.01, **rest})


def unsure(windows=1, **rest):
    """Twenty days a window; the candidate is better on half of the days and worse on the others."""
    label, day = np.tile(LABEL, 20 * windows), np.repeat(np.arange(20 * windows), 6)
    better = np.repeat(np.arange(20 * windows) % 2 == 0, 6)
    mixed = np.tile(np.r_[RIGHT[:4], WRONG[4:]], 20 * windows)
    right = np.tile(RIGHT, 20 * windows)
    found = evidence(np.where(better, right, mixed), np.where(better, mixed, right), label=label, day=day, **rest)
    window = day // 20
    return replace(found, walk_forward=replace(found.walk_forward, window=window))


def test_a_missing_champion_means_the_other_gates_decide():
    result = versus().judge(evidence())
    assert result.verdict == "pass" and result.rows == 0 and result.value is None
    assert "no champion is in force yet" in result.sentence


def test_an_equal_challenger_passes_exactly():
    result = versus(not_worse_by=1e-9).judge(evidence(champion=RIGHT))
    assert (result.verdict, result.value, result.low, result.high, result.rows) == ("pass", 0, 0, 0, 6)
    assert result.details["smallest_detectable"] == 0


def test_a_worse_challenger_fails_and_says_by_how_much():
    result = versus().judge(evidence(candidate=WRONG, champion=RIGHT))
    assert (result.verdict, result.value, result.stops) == ("fail", -1, True)
    assert "-1.0000" in result.sentence and "a loss of up to 0.01 is allowed" in result.sentence


def test_a_better_challenger_passes():
    assert versus().judge(evidence(champion=WRONG)).value == 1


def test_where_less_is_better_a_smaller_loss_is_a_gain():
    better = versus("brier").judge(evidence(champion=WRONG))
    assert better.verdict == "pass" and better.low <= better.value <= better.high and better.value > 0
    assert versus("brier").judge(evidence(candidate=WRONG, champion=RIGHT)).verdict == "fail"


def test_a_margin_too_narrow_for_the_days_cannot_be_told():
    narrow = versus(not_worse_by=0.01).judge(unsure())
    assert (narrow.verdict, narrow.stops) == ("cannot_tell", True)
    smallest = narrow.details["smallest_detectable"]
    assert smallest > 0.01 and f"{smallest:.4f}, so they cannot tell" in narrow.sentence
    assert versus(not_worse_by=smallest * 1.001).judge(unsure()).verdict == "pass"
    assert not versus(cannot_tell="promote").judge(unsure()).stops


def test_more_windows_tell_smaller_losses():
    one, three = (versus(windows=windows).judge(unsure(3)) for windows in (1, 3))
    assert (one.rows, one.details["days"]) == (120, 20) and (three.rows, three.details["days"]) == (360, 60)
    assert three.details["smallest_detectable"] < one.details["smallest_detectable"]


def test_each_attempt_against_a_champion_spends_less_of_alpha():
    first, third = (versus().judge(unsure(attempt=attempt)) for attempt in (1, 3))
    assert first.details["alpha_spent"] == pytest.approx(6 * third.details["alpha_spent"])
    assert third.low < first.low and third.value == first.value
    assert third.details["attempt"] == 3 and third.sentence.endswith("(attempt 3 against this champion)")
    assert first.details["standard_error"] == third.details["standard_error"] > 0


def test_asked_to_be_better_an_equal_challenger_does_not_pass():
    gate = versus(not_worse_by=None, better_by=0.0)
    assert gate.judge(evidence(champion=RIGHT)).verdict == "fail"
    undecided = gate.judge(unsure())
    assert undecided.verdict == "cannot_tell" and "the smallest gain that these days can show" in undecided.sentence
    assert gate.judge(evidence(champion=WRONG)).verdict == "pass"
    assert versus(not_worse_by=None, better_by=1.0).judge(evidence(champion=WRONG)).verdict == "fail"


@pytest.mark.parametrize(
    ("asked", "got"), [({}, "neither"), ({"not_worse_by": 0.01, "better_by": 0.0}, "both")], ids=["neither", "both"]
)
def test_exactly_one_of_the_two_is_asked(asked, got):
    with pytest.raises(ValidationError, match=rf"exactly one of not_worse_by and better_by .* \(got {got}\)"):
        VersusChampion(kind="versus_champion", metric="auc", **asked)


@pytest.mark.parametrize(
    ("champion", "label", "day", "why"),
    [
        (np.full(6, np.nan), LABEL, DAY, "there is no row that both have scored"),
        (RIGHT, LABEL * 0, DAY, "all 6 labels are negative"),
        (RIGHT, LABEL, DAY * 0, "a single day has no interval"),
    ],
    ids=["no common rows", "one class", "one day"],
)
def test_rows_that_cannot_compare_say_why(champion, label, day, why):
    result = versus().judge(evidence(champion=champion, label=label, day=day))
    assert (result.verdict, result.stops) == ("cannot_tell", True) and result.sentence.endswith(why)


def test_only_rows_that_the_champion_never_saw_are_compared():
    seen = np.r_[WRONG[:2], RIGHT[2:]]
    result = versus().judge(evidence(candidate=seen, champion=np.r_[np.full(2, np.nan), RIGHT[2:]]))
    assert (result.verdict, result.value, result.rows) == ("pass", 0, 4)


@pytest.mark.parametrize(("better_by", "verdict"), [(0.0, "pass"), (0.5, "fail")])
def test_a_baseline_must_be_beaten_by_more_than_the_margin(better_by, verdict):
    gate = VersusBaseline(kind="versus_baseline", metric="brier", baseline="majority", better_by=better_by)
    result = gate.judge(evidence(majority=np.full(6, 0.5)))
    assert result.verdict == verdict and result.value == pytest.approx(0.25 - 0.14 / 3)
    assert result.low < result.value < result.high


@pytest.mark.parametrize(("better_by", "verdict"), [(0.0, "pass"), (0.2, "cannot_tell"), (0.5, "fail")])
def test_by_its_interval_a_baseline_may_be_undecided(better_by, verdict):
    gate = VersusBaseline(
        kind="versus_baseline", metric="brier", baseline="majority", better_by=better_by, judged_by="interval"
    )
    result = gate.judge(evidence(majority=np.full(6, 0.5)))
    assert result.verdict == verdict and result.sentence.endswith("of the whole interval")


def test_against_a_baseline_one_day_has_a_point_but_no_interval():
    asked = {"kind": "versus_baseline", "metric": "brier", "baseline": "majority", "better_by": 0.0}
    one_day = evidence(majority=np.full(6, 0.5), day=DAY * 0)
    point = VersusBaseline(**asked).judge(one_day)
    assert point.verdict == "pass" and point.low is None
    assert VersusBaseline(**asked, judged_by="interval").judge(one_day).verdict == "cannot_tell"
    only = replace(one_day, rows=scored(RIGHT, label=LABEL * 0, majority=np.full(6, 0.5)))
    assert VersusBaseline(**asked).judge(only).sentence.endswith("all 6 labels are negative")
