"""A spec's aggregate is one expression over the window's rows: it reads no file, no setting, and changes nothing."""

import pytest

from pipelines.drift.business import observe_business, require_computable
from pipelines.errors import CallerError, SpecError
from pipelines.monitoring_spec import BusinessFigure
from tests.pipelines.drift.made_windows import made_window, spec_with

HOSTILE = [
    "(SELECT count(*) FROM read_csv('/etc/passwd'))",
    "(SELECT count(*) FROM read_text('{mark}'))",
    "(SELECT count(*) FROM '/etc/passwd')",
    "(SELECT count(*) FROM glob('/etc/*'))",
    "max(score)) AS DOUBLE); COPY (SELECT 1) TO '{mark}'; SELECT CAST((max(score)",
    "max(score)) AS DOUBLE) FROM window_rows; DROP VIEW window_rows; SELECT CAST((1",
    "1) AS DOUBLE); ATTACH '{mark}'; SELECT CAST((1",
    "1) AS DOUBLE); SET enable_external_access = true; SELECT CAST((1",
    "1) AS DOUBLE); INSTALL httpfs; LOAD httpfs; SELECT CAST((1",
    "1) AS DOUBLE); CREATE TABLE window_rows AS SELECT 1; SELECT CAST((1",
    "max(score) --",
    "max(score) /*",
    "score",
    "label > 0",
    "getenv('HOME')",
    "(SELECT count(*) FROM frame)",
    "(SELECT count(*) FROM window)",
    "{{ 7 * 7 }}",
    "$(touch {mark})",
    "'; DROP TABLE journal; --",
]


def figure(aggregate: str) -> BusinessFigure:
    return BusinessFigure(name="figure", unit="flights", aggregate=aggregate)


@pytest.mark.parametrize("aggregate", HOSTILE)
def test_an_aggregate_that_is_more_than_one_is_refused(aggregate, mark):
    text = aggregate.replace("{mark}", str(mark))
    with pytest.raises(CallerError, match=r"flight_delay: monitoring\.business\[0\]\.aggregate, of figure"):
        observe_business("flight_delay", [figure(text)], made_window())
    with pytest.raises(SpecError, match=r"monitoring\.business\[0\]\.aggregate"):
        require_computable(spec_with(business=[figure(text)]))


def test_one_figures_text_cannot_touch_the_next():
    with pytest.raises(CallerError, match="is more than one expression"):
        observe_business("m", [figure("1) AS DOUBLE); DROP VIEW window_rows; SELECT CAST((1")], made_window())
    (found,) = observe_business("m", [figure("count(*)")], made_window())
    assert found.value == 600
