import math

from pipelines.gates.gate import GateResult
from pipelines.report.gate_details import DRAWN, details_of
from pipelines.report.scales import NONE


def result(**details) -> GateResult:
    return GateResult("slices", "auc", "fail", "one slice lost", value=-0.04, bound=-0.03, rows=900, details=details)


def entry(name, verdict, value, **rest):
    return {
        "name": name,
        "rows": 400,
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "verdict": verdict,
    } | rest


def test_entries_with_values_make_a_forest_plot_with_what_failed_first():
    made = details_of(
        result(slices=[entry("AA", "pass", 0.01), entry("VX", "fail", -0.04), entry("B6", "pass", 0.0)]), "above"
    )
    (forest,) = made
    assert [row.name for row in forest.rows] == ["VX", "AA", "B6"] and forest.judged and forest.measure == "value"
    assert forest.columns == ["rows"] and forest.rows[0].cells == ["400"]
    worst, best = (forest.rows[at].picture for at in (0, 1))
    assert worst.value < worst.bound == best.bound < best.value, "one scale, one bound"


def test_an_entry_may_have_its_own_bound_or_nothing_to_draw():
    (table,) = details_of(
        result(slices=[entry("AA", "pass", 0.01, bound=0.0), entry("VX", "cannot_tell", math.nan)]), None
    )
    own, none = table.rows
    assert own.picture.label.endswith("bound 0") and none.picture is None and none.value == NONE


def test_entries_without_values_make_a_table():
    found = result(
        perturbations=[
            {"name": "feed missing", "loss": 0.02, "shift": None},
            {"name": "clock", "loss": 0.0, "shift": 0.1},
        ]
    )
    (table,) = details_of(found, "below")
    assert not table.measure and table.columns == ["loss", "shift"]
    assert [row.cells for row in table.rows] == [["0.0200", NONE], ["0.0000", "0.1000"]]


def test_names_with_entries_make_a_table_too():
    (table,) = details_of(result(recalibrated={"isotonic": {"brier": 0.13}, "sigmoid": {"brier": 0.14}}), "below")
    assert [row.name for row in table.rows] == ["isotonic", "sigmoid"]


def test_the_only_fraction_of_entries_is_drawn_without_the_gates_bound():
    groups = [{"name": "AA", "rows": 400, "selection_rate": 0.2}, {"name": "VX", "rows": 300, "selection_rate": 0.3}]
    (table,) = details_of(result(groups=groups), "below")
    assert table.measure == "selection rate" and table.columns == ["rows"]
    assert [row.value for row in table.rows] == ["0.2000", "0.3000"] and table.rows[0].picture.bound is None


def test_points_of_a_curve_are_left_to_the_curve():
    assert (
        details_of(result(curve=[{"predicted": 0.1, "observed": 0.2}, {"predicted": 0.3, "observed": 0.2}]), None) == []
    )


def test_single_facts_come_last_and_what_is_empty_not_at_all():
    made = details_of(result(left_out=3, broken=[], none=None, slices=[entry("AA", "pass", 0.01)]), "above")
    assert [detail.title for detail in made] == ["slices", "figures"]
    assert [(row.name, row.cells) for row in made[1].rows] == [("left out", ["3"])]
    assert details_of(result(), "above") == []


def test_very_many_entries_are_counted_not_drawn():
    (table,) = details_of(result(slices=[entry(f"{n}", "pass", 0.0) for n in range(DRAWN + 7)]), "above")
    assert len(table.rows) == DRAWN and table.left_out == 7
