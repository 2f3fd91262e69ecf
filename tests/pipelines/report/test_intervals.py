import math

from pipelines.report.intervals import picture, shared_scale


def test_value_interval_and_bound_stand_in_their_order():
    drawn = picture("floor on auc", 0.71, 0.67, 0.75, bound=0.65, passing="above")
    low, high = drawn.whisker
    assert 0 < drawn.bound < low < drawn.value < high < 100
    assert drawn.passes == (drawn.bound, round(100 - drawn.bound, 1)), "all beyond the bound passes"
    assert drawn.bound_text == "≥ 0.65"
    assert drawn.label == "floor on auc: 0.7100 [0.6700, 0.7500]; bound ≥ 0.65"


def test_below_a_ceiling_passes():
    drawn = picture("ceiling on brier", 0.13, bound=0.25, passing="below")
    assert drawn.passes == (0.0, drawn.bound) and drawn.value < drawn.bound and drawn.whisker is None


def test_the_line_of_no_difference_is_drawn_unless_the_bound_is_there():
    assert picture("gain", 0.001, -0.004, 0.006, bound=-0.015).zero is not None
    assert picture("gain", 0.001, -0.004, 0.006, bound=0.0).zero is None
    assert picture("auc", 0.7, 0.6, 0.8).zero is None


def test_without_a_side_nothing_is_shaded_and_without_a_value_nothing_drawn():
    assert picture("budget", 3.0, bound=5.0).passes is None
    assert picture("contract", None) is None and picture("auc", math.nan, bound=0.6) is None


def test_rows_of_one_table_share_a_scale():
    scale = shared_scale([0.5, 0.9, None])
    assert picture("one", 0.5, shared=scale).value < picture("other", 0.9, shared=scale).value
    assert picture("one", 0.5, shared=scale).ticks == []
    assert shared_scale([None, math.nan]) is None
