import math

import pytest

from pipelines.report.scales import NONE, Scale, declared, in_words, scale_of, shown, span


def test_values_lie_between_the_ends_and_outsiders_on_the_nearer_one():
    scale = Scale(0.0, 10.0, 100.0, 200.0)
    assert [scale.at(value) for value in (0, 2.5, 10, -3, 99)] == [100.0, 125.0, 200.0, 100.0, 200.0]


def test_an_axis_may_run_upwards():
    assert Scale(0.0, 1.0, 276.0, 12.0).at(1.0) == 12.0


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.65, 0.76, ["0.65", "0.70", "0.75"]),
        (-0.016, 0.004, ["-0.015", "-0.010", "-0.005", "0.000"]),
        (0, 61_000, ["0", "20,000", "40,000", "60,000"]),
    ],
)
def test_ticks_are_round_and_within(low, high, texts):
    assert [text for _, text in Scale(low, high, 0, 100).ticks(4)] == texts


def test_a_scale_holds_everything_known_with_a_margin():
    scale = scale_of([0.7, None, math.nan, math.inf, 0.9], 0, 100)
    assert scale.low < 0.7 < 0.9 < scale.high < 1


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0])
def test_a_single_value_stands_in_the_middle(value):
    assert scale_of([value], 0, 100).at(value) == 50.0


def test_figures_are_read_to_four_digits_or_so():
    read = {
        0.70719: "0.7072",
        26738: "26,738",
        12.346: "12.35",
        28400.7: "28,401",
        -4e-5: "-0.000040",
        1.2e-7: "1.2e-07",
    }
    assert {value: shown(value) for value in read} == read


def test_what_is_not_there_is_a_dash():
    assert shown(None) == shown(math.nan) == shown(-math.inf) == declared(None) == in_words([]) == NONE
    assert span(None, None) == span(0.1, math.nan) == ""


def test_anything_that_json_holds_is_said_on_one_line():
    assert in_words({"value": 0.5, "low": 0.4, "high": 0.6}) == "0.5000 [0.4000, 0.6000]"
    assert in_words({"left_out": 3, "known": True}) == "left out 3, known yes"
    assert in_words(["a", 2]) == "a, 2"
    assert in_words("2013-11-01T00:00:00+00:00") == "2013-11-01"
    assert declared(20_000.0) == "20,000" and declared(-0.015) == "-0.015"
