from dataclasses import replace

import numpy as np
import pytest

from pipelines.drift.business import observe_business, require_computable
from pipelines.errors import CallerError, SpecError
from pipelines.monitoring_spec import BusinessFigure
from pipelines.report import specs
from tests.pipelines.drift.made_windows import made_rows, made_window, spec_with, without


def figure(aggregate: str, **bounds: float) -> BusinessFigure:
    return BusinessFigure(name="warned_flights", unit="flights", aggregate=aggregate, **bounds)


def observed(one: BusinessFigure, window=None):
    return observe_business("flight_delay", [one], made_window() if window is None else window)[0]


def test_a_figure_without_bounds_is_itself_and_informs():
    found = observed(figure("count(*) filter (score > 0.3 and origin = 'JFK')"))
    window = made_window()
    expected = int(((window.scores > 0.3) & (window.rows.features["origin"] == "JFK").to_numpy()).sum())
    assert (found.value, found.worth) == (expected, None) and found.text == f"{expected} flights"
    assert len(found.daily) == 30 and sum(found.daily) == expected and found.days[29] == "2013-04-30"


@pytest.mark.parametrize(
    ("bounds", "beyond"),
    [({"most": 500.0}, 100), ({"least": 500.0}, -100), ({"least": 700.0}, 100), ({"least": 500.0, "most": 650.0}, -50)],
)
def test_a_bounded_figure_is_how_far_it_is_beyond(bounds, beyond):
    found = observed(figure("count(*)", **bounds))
    assert (found.value, found.worth) == (beyond, 0.0) and found.text.startswith("600 flights; at ")


def test_rows_without_a_label_have_none_in_the_expression():
    window = made_window(without(made_rows(), np.arange(600) >= 200))
    assert observed(figure("count(label)"), window).value == 200
    nothing = observed(figure("avg(label)", most=1.0), made_window(without(made_rows(), np.ones(600, dtype=bool))))
    assert nothing.value is None and nothing.text == "avg(label) is null over these rows"


@pytest.mark.parametrize(
    ("aggregate", "reason"),
    [
        ("sum(fare)", 'Referenced column "fare" not found'),
        ("distance_mi", 'column "distance_mi" must appear in the GROUP BY clause'),
        ("total(distance_mi)", "name total does not exist"),
        ("count(*", "syntax error"),
        ("(SELECT count(*) FROM read_csv('/etc/passwd'))", "file system operations are disabled"),
        ("(SELECT count(*) FROM '/etc/passwd')", "/etc/passwd"),
        ("max(origin)", "Could not convert string"),
    ],
)
def test_an_expression_that_cannot_be_computed_is_named_with_duckdbs_reason(aggregate, reason):
    with pytest.raises(CallerError) as raised:
        observed(figure(aggregate))
    told = str(raised.value)
    assert told.startswith(f"flight_delay: monitoring.business[0].aggregate, of warned_flights: `{aggregate}`")
    assert reason in told and "\n" not in told


def test_a_spec_is_checked_without_rows():
    good = figure("sum(distance_mi) filter (label = 1 and score < 0.5 and carrier = 'AA')")
    require_computable(spec_with(business=[good]))
    with pytest.raises(SpecError, match=r"monitoring\.business\[1\]\.aggregate.*`sum\(fare\)`"):
        require_computable(spec_with(business=[good, figure("sum(fare)")]))
    with pytest.raises(SpecError, match=r"`distance_mi` cannot be computed"):
        require_computable(spec_with(business=[figure("distance_mi")]))


def test_the_check_of_all_specs_finds_it(monkeypatch):
    monkeypatch.setattr(specs, "load_models", lambda: {"flight_delay": spec_with(business=[figure("sum(fare)")])})
    with pytest.raises(SpecError, match=r"flight_delay: monitoring\.business\[0\]\.aggregate"):
        specs.check()


def test_infinite_values_are_told_and_not_compared():
    rows = made_rows()
    rows = replace(rows, features=rows.features.assign(distance_mi=np.inf))
    assert observed(figure("max(distance_mi)", most=1.0), made_window(rows)).value is None
