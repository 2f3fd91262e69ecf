import pytest

from pipelines.gates.evaluation import Evaluation
from pipelines.gates.gate import Verdict
from pipelines.interval import parse_time
from pipelines.journal import everything
from pipelines.layout import evaluation
from pipelines.metrics import Measured
from pipelines.retrain.gain import BELIEF_DAYS, Gap, expected_gain, past_gaps
from pipelines.spec import find_model
from tests.pipelines.retrain.reports import APRIL, JULY, JUNE, MAY, MODEL, in_force, judged

SPEC = find_model(MODEL)


def test_without_a_gap_of_a_stale_model_nothing_is_expected():
    assert expected_gain([], 60) is None
    assert expected_gain([Gap(0, 0.01)], 60) is None


def test_one_gap_is_shrunken_to_half_where_the_belief_weighs_as_much():
    assert expected_gain([Gap(BELIEF_DAYS, 0.02)], BELIEF_DAYS).estimate == pytest.approx(0.01)


def test_the_gain_grows_with_age_up_to_the_oldest_gap_seen():
    gaps = [Gap(60, 0.02), Gap(120, 0.04)]
    assert expected_gain(gaps, 60).estimate == pytest.approx(0.02, rel=0.1)
    assert expected_gain(gaps, 120).estimate == pytest.approx(0.04, rel=0.1)
    assert expected_gain(gaps, 400) == expected_gain(gaps, 120)
    assert expected_gain(gaps, 0).estimate == 0


def test_three_gaps_have_an_interval_and_two_have_none():
    gaps = [Gap(60, 0.01), Gap(60, 0.03), Gap(60, 0.02)]
    assert expected_gain(gaps[:2], 60).low is None
    told = expected_gain(gaps, 60)
    assert told.observations == 3 and told.low < told.estimate < told.high
    assert told.high - told.estimate == pytest.approx(told.estimate - told.low)


def evaluated(store, version: int, as_of, window: str, candidate: float, champion: float, rows: int = 900) -> None:
    """A candidate against champion 1, which scored `rows` of 900."""
    verdict: Verdict = "pass"
    metrics = {
        "candidate": {"auc": Measured(candidate, None, None)},
        "champion": {"auc": Measured(champion, None, None)},
    }
    told = Evaluation(
        MODEL, as_of.isoformat(), version, 1, 1, (window, as_of.isoformat()), "", 900, rows, verdict, [], metrics
    )
    store.write_file(evaluation(MODEL, version), told.to_json().encode())
    judged(store, version, as_of, verdict)


@pytest.fixture
def past(store):
    in_force(store, 1, APRIL)
    evaluated(store, 2, MAY, "2013-04-01", 0.75, 0.75)
    evaluated(store, 3, JUNE, "2013-05-01", 0.74, 0.72)
    evaluated(store, 4, JULY, "2013-06-01", 0.74, 0.69)
    return store


def test_gaps_are_measured_on_the_same_rows_before_the_time(past):
    gaps = past_gaps(past, SPEC, everything(past), JULY)
    assert [(gap.age_days, round(gap.gain, 3)) for gap in gaps] == [(0, 0), (30, 0.02)], "July's is not known yet"


def test_a_champion_that_scored_fewer_rows_says_nothing(past):
    evaluated(past, 3, JUNE, "2013-05-01", 0.74, 0.72, rows=800)
    assert [gap.age_days for gap in past_gaps(past, SPEC, everything(past), JULY)] == [0]


def test_where_less_is_better_the_gain_is_turned_round(past):
    brier = SPEC.model_copy(update={"monitoring": SPEC.monitoring.model_copy(update={"metric": "brier"})})
    told = Evaluation.from_json(past.read_file(evaluation(MODEL, 3)))
    told.metrics["candidate"]["brier"], told.metrics["champion"]["brier"] = (
        Measured(value, None, None) for value in (0.15, 0.17)
    )
    past.write_file(evaluation(MODEL, 3), told.to_json().encode())
    for version in (2, 4):
        past.delete(evaluation(MODEL, version))
    (gap,) = past_gaps(past, brier, everything(past), parse_time("2014-01-01"))
    assert gap.gain == pytest.approx(0.02)
