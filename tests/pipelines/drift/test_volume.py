from dataclasses import replace

import numpy as np
import pytest

from pipelines.drift.volume import observe_volume
from pipelines.errors import EmptyWindow
from tests.pipelines.drift.made_windows import made_reference, made_rows, made_window, spec_with

POLICY = spec_with().monitoring
AS_MANY = 600  # 20 a day, as the reference's 1800 in 90 days


def volume(rows):
    return observe_volume(POLICY, made_reference(), made_window(rows))[0]


def test_as_many_rows_as_ever_is_no_change():
    found = volume(made_rows(AS_MANY))
    assert found.value < 0.02 and found.worth == POLICY.volume_change and len(found.daily) == 30


@pytest.mark.parametrize("times", [0.5, 2])
def test_half_and_double_are_as_far_off(times):
    assert volume(made_rows(int(AS_MANY * times))).value == pytest.approx(np.log(2), abs=0.02)


def test_a_day_without_rows_stands_out_among_the_days():
    rows = made_rows(AS_MANY)
    found = volume(rows.where(rows.day != "2013-04-10"))
    assert found.value < 0.1 and int(np.argmax(found.daily)) == 9
    assert found.daily[9] == pytest.approx(np.log(20 / 0.5), abs=0.1) and found.days[9] == "2013-04-10"


def quiet_on_weekends(rows):
    """A quarter of the flights of Saturday and Sunday."""
    return rows.where(((rows.at.dt.weekday < 5) | (rows.at.index % 4 == 0)).to_numpy())


def test_weekdays_are_compared_with_their_like():
    reference = made_reference()
    reference = replace(reference, rows=quiet_on_weekends(reference.rows))
    window = made_window(quiet_on_weekends(made_rows(AS_MANY)))
    assert max(observe_volume(POLICY, reference, window)[0].daily) < 0.2


def test_an_empty_window_is_named_and_so_is_an_empty_reference():
    rows, nothing = made_rows(), np.zeros(600, dtype=bool)
    with pytest.raises(EmptyWindow, match=r"the window 2013-04 \[2013-04-01, 2013-05-01\) has no rows"):
        volume(rows.where(nothing))
    reference = made_reference()
    none = replace(reference, rows=reference.rows.where(np.zeros(1800, dtype=bool)))
    with pytest.raises(EmptyWindow, match=r"the reference of version 3, trained until 2013-04-01, has no rows"):
        observe_volume(POLICY, none, made_window())
