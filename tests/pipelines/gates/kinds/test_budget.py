import pytest
from pydantic import ValidationError

from pipelines.gates.kinds.budget import UNITS, Budget
from tests.pipelines.gates.measured import CRASHED, SOUND, TIMED_OUT, served, sound_but


def judged(found, **limits):
    return Budget(kind="budget", **limits).judge(found)


@pytest.mark.parametrize(
    ("limits", "verdict", "words"),
    [
        ({"p50_ms_at_most": 1.0}, "pass", "p50_ms is 1 ms, at most 1 is asked"),
        ({"p99_ms_at_most": 3.9}, "fail", "p99_ms is 4 ms, at most 3.9 is asked"),
        ({"rows_per_s_at_least": 1e6}, "fail", "rows_per_s is 1e+05 rows/s, at least 1e+06 is asked"),
        ({"rows_per_s_at_least": 5e4}, "pass", "rows_per_s is 1e+05 rows/s, at least 50000 is asked"),
        ({"model_mb_at_most": 0.4}, "fail", "model_mb is 0.5 MiB, at most 0.4 is asked"),
        ({"peak_memory_mb_at_most": 9.0}, "fail", "peak_memory_mb is 10 MiB, at most 9 is asked"),
        ({"training_cpu_s_at_most": 19.0}, "fail", "training_cpu_s is 20 CPU s, at most 19 is asked"),
    ],
)
def test_a_cost_keeps_its_limit_or_not(limits, verdict, words):
    result = judged(served(), **limits)
    assert (result.verdict, result.sentence, result.timed) == (verdict, words, True)


@pytest.mark.parametrize(
    ("limits", "verdict"),
    [
        ({"p50_ratio_at_most": 2.0}, "pass"),
        ({"p50_ratio_at_most": 1.9}, "fail"),
        ({"p99_ratio_at_most": 1.0}, "pass"),
        ({"rows_per_s_ratio_at_least": 0.6}, "fail"),
        ({"model_ratio_at_most": 1.0}, "pass"),
        ({"peak_memory_ratio_at_most": 0.9}, "fail"),
        ({"training_cpu_ratio_at_most": 1.9}, "fail"),
    ],
)
def test_a_cost_is_held_against_the_champions(limits, verdict):
    champion = sound_but(p50_ms=0.5, rows_per_s=200_000.0)
    assert judged(served(champion=champion), **limits).verdict == verdict


def test_every_broken_limit_is_named_and_no_kept_one():
    result = judged(served(champion=SOUND), p50_ms_at_most=0.5, p99_ms_at_most=9.0, training_cpu_ratio_at_most=1.5)
    assert result.sentence == (
        "p50_ms is 1 ms, at most 0.5 is asked; training_cpu_s is 2.00 times the champion's, at most 1.5 times is asked"
    )
    assert result.metric == "p50_ms, p99_ms, training_cpu_s"
    assert set(result.details["costs"]["champion"]) == set(UNITS)


def test_without_a_champion_a_ratio_is_not_asked():
    result = judged(served(), p50_ratio_at_most=0.1)
    assert result.verdict == "pass" and "no champion is in force yet" in result.sentence
    assert judged(served(CRASHED), p50_ratio_at_most=0.1).verdict == "pass"


@pytest.mark.parametrize(
    ("champion", "limit", "words"),
    [
        (TIMED_OUT, {"p50_ratio_at_most": 9.0}, "p50_ms of the champion was not measured"),
        (SOUND, {"training_cpu_ratio_at_most": 9.0}, "training_cpu_s of the champion was not measured"),
        (
            sound_but(peak_memory_mb=0.0),
            {"peak_memory_ratio_at_most": 9.0},
            "peak_memory_mb of the champion is 0",
        ),
    ],
)
def test_a_ratio_to_what_is_not_known_of_the_champion_cannot_be_told(champion, limit, words):
    result = judged(served(champion=champion, cpu_s=(20.0, None)), **limit)
    assert (result.verdict, result.stops, result.sentence) == ("cannot_tell", True, words)


@pytest.mark.parametrize("found", [CRASHED, TIMED_OUT])
def test_what_was_not_measured_cannot_be_told(found):
    untold = judged(served(found, cpu_s=(None, None)), p50_ms_at_most=1.0, training_cpu_s_at_most=1.0)
    assert untold.verdict == "cannot_tell" and untold.stops
    assert untold.sentence == "p50_ms was not measured; training_cpu_s was not measured"


def test_a_budget_without_limits_is_refused():
    with pytest.raises(ValidationError, match="needs at least one limit: p50_ms_at_most, "):
        Budget(kind="budget")
