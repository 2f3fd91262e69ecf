import re

import pytest
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError

from plugins.run_interval import interval_of, interval_params
from tests.plugins.contexts import context


def test_a_scheduled_run_works_on_its_data_interval():
    assert str(interval_of(context())) == "[2013-04-01, 2013-05-01)"


def test_the_trigger_form_comes_before_the_data_interval():
    filled = context(start="2013-02-01", end="2013-03-01T00:00:00Z")
    assert str(interval_of(filled)) == "[2013-02-01, 2013-03-01)"


def test_a_manual_run_without_a_logical_date_takes_the_form():
    filled = context(interval=None, run_type="manual", start="2013-02-01", end="2013-03-01")
    assert str(interval_of(filled)) == "[2013-02-01, 2013-03-01)"


def test_a_manual_run_with_neither_fails_with_the_remedy():
    with pytest.raises(AirflowFailException, match=r"manual__1 has no data interval: .* start and end"):
        interval_of(context(interval=None, run_type="manual"))


@pytest.mark.parametrize("half", [{"start": "2013-02-01"}, {"end": "2013-02-01"}])
def test_half_a_form_fails(half):
    with pytest.raises(AirflowFailException, match="give both or neither"):
        interval_of(context(**half))


def test_an_end_before_its_start_fails():
    with pytest.raises(AirflowFailException, match="at or before its start"):
        interval_of(context(start="2013-03-01", end="2013-02-01"))


def test_a_date_that_the_pattern_lets_through_but_no_calendar_has_fails():
    with pytest.raises(AirflowFailException, match="'2013-02-31' is not a date"):
        interval_of(context(start="2013-02-31", end="2013-04-01"))


@pytest.mark.parametrize("text", [None, "2013-04-01", "2013-04-01T06:00Z", "2013-04-01T06:00:00+02:00"])
def test_the_form_takes_iso_dates_and_times(text):
    assert interval_params()["start"].resolve(text) == text


@pytest.mark.parametrize("text", ["", "April", "2013-4-1", "2013-04-01; rm -rf /", "$(id)", "--model", 20130401])
def test_the_form_refuses_anything_else(text):
    with pytest.raises(ParamValidationError, match=re.escape(repr(text))):
        interval_params()["start"].resolve(text)
