from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.drift.labels import labels_known
from pipelines.drift.quality import daily_losses, loss_between, observe_quality, require_slices
from pipelines.drift.series import Observation
from pipelines.drift.windows import HeldOut, Reference, Window
from pipelines.errors import CallerError, SpecError
from pipelines.metrics import Measured, measure_all
from tests.pipelines.drift.made_windows import (
    days,
    made_reference,
    made_rows,
    made_window,
    score_of,
    spec_with,
    without,
)

SPEC = spec_with()


def told(window: Window, reference: Reference | None = None, **monitoring: object) -> dict[str, Observation]:
    spec = spec_with(**monitoring)
    labels = labels_known(spec.monitoring, window)
    found = observe_quality(spec, reference or made_reference(), window, labels)
    return {f"{one.statistic}/{one.subject}": one for one in found}


def test_equal_skill_is_no_loss_and_no_skill_is_one():
    rows = made_rows()
    same, blind = (told(made_window(rows, score_of(rows.label, skill)))["loss/auc"] for skill in (0.2, 0.0))
    assert same.low < 0 < same.high and same.worth == SPEC.monitoring.warning_loss
    assert blind.low > SPEC.monitoring.critical_loss and blind.low < blind.value < blind.high


def test_brier_ece_and_the_labels_rate_inform():
    found = told(made_window())
    assert all(found[name].worth is None for name in ("loss/brier", "loss/ece", "rate_shift/label"))
    assert found["loss/ece"].low is None and found["loss/ece"].daily == []
    assert found["rate_shift/label"].value < 0.05


def test_a_loss_has_the_sign_of_worse_whichever_way_the_metric_points():
    better, worse = Measured(0.8, 0.77, 0.83), Measured(0.7, 0.66, 0.74)
    assert loss_between("auc", now=worse, then=better).value == pytest.approx(0.1)
    assert loss_between("brier", now=worse, then=better).value == pytest.approx(-0.1)


def test_the_interval_of_a_loss_holds_the_doubt_of_both_figures():
    loss = loss_between("auc", now=Measured(0.70, 0.65, 0.74), then=Measured(0.80, 0.77, 0.92))
    assert (loss.low, loss.high) == (pytest.approx(0.05), pytest.approx(0.23))
    assert loss_between("ece", Measured(0.1, None, None), Measured(0.0, None, None)).low is None


def test_quality_is_of_exactly_the_labelled_rows():
    rows = made_rows()
    unknown = np.arange(600) % 3 == 0
    partly = made_window(without(rows, unknown), score_of(rows.label), as_of=made_window().interval.end + days(60))
    alone = made_window(rows.where(~unknown), score_of(rows.label)[~unknown])
    some = told(partly, label_coverage=0.5)["loss/auc"]
    assert some.value == told(alone)["loss/auc"].value
    assert "400 of 600 rows (67%) have a label" in some.text


def test_a_window_shorter_than_the_label_delay_is_provisional_and_says_until_when():
    found = told(made_window(without(made_rows(), np.arange(600) > 300)), label_delay=days(40))
    assert {one.value for one in found.values()} == {None}
    assert all(one.low is None and one.daily == [] for one in found.values())
    assert found["loss/auc"].text.startswith("provisional: auc 0.")
    assert found["loss/auc"].text.endswith("final once 90% have one, from 2013-06-10 00:00 on")


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (np.arange(600) < 99, "99 of 600 rows (16%) have a label, and 100 rows are needed; final once"),
        (np.zeros(600, dtype=bool), "0 of 600 rows (0%) have a label, and 100 rows are needed; final once"),
        (made_rows().label == 1, "all positive; final once"),
        (made_rows().label == 0, "all negative; final once"),
    ],
    ids=["too few", "none", "late flights alone", "flights on time alone"],
)
def test_labels_of_which_nothing_can_be_told_say_why(known, reason):
    found = told(made_window(without(made_rows(), ~known)))
    assert set(found) == {"loss/auc", "loss/brier", "loss/ece", "bias/label", "shortfall/auc"}
    assert all(one.value is None and reason in one.text for one in found.values())


def test_rows_of_one_day_have_no_quality():
    rows = made_rows()
    found = told(made_window(replace(rows, day=np.full(600, "2013-04-03"))))
    assert found["loss/auc"].value is None and "of 1 day, and 2 days are needed" in found["loss/auc"].text


def test_scores_that_are_no_numbers_are_told_and_not_measured():
    scores = score_of(made_rows().label)
    scores[:7] = [np.nan, np.inf, -np.inf, np.nan, np.nan, np.nan, np.nan]
    found = told(made_window(scores=scores))
    assert found["loss/auc"].value is None and "7 scores of these are not numbers" in found["loss/auc"].text


def test_a_slice_is_compared_with_itself_where_it_was_held_out_and_else_with_all():
    rows = made_rows(1600)
    held_out = made_rows(1800, seed=7)
    window, slices = made_window(rows), {"slices": ["origin"]}
    itself = told(window, made_reference(held_out, held_out.features[["origin"]]), **slices)
    overall = told(window, made_reference(held_out), **slices)
    assert "of the same slice at evaluation" in itself["loss/auc[origin=JFK]"].text
    assert "of all rows at evaluation" in overall["loss/auc[origin=JFK]"].text
    assert itself["loss/auc[origin=JFK]"].value != overall["loss/auc[origin=JFK]"].value
    assert itself["loss/auc[origin=JFK]"].worth is None


def test_the_slice_that_lost_its_skill_is_the_one_that_shows_it():
    rows = made_rows(1600)
    jfk = (rows.features["origin"] == "JFK").to_numpy()
    scores = np.where(jfk, score_of(rows.label, skill=0.0), score_of(rows.label))
    found = told(made_window(rows, scores), slices=["origin"])
    assert found["loss/auc[origin=JFK]"].low > 0.1 and found["loss/auc[origin=EWR]"].low < 0


def test_slices_of_few_rows_are_counted_and_left_out():
    rare = made_rows().features.assign(origin=pd.Categorical([f"A{n}" for n in range(600)]))
    found = told(made_window(replace(made_rows(), features=rare)), slices=["origin"])
    assert "600 slices of under 300 rows or of one class are left out" in found["loss/auc"].text


def test_a_slice_that_a_window_cannot_have_is_refused_with_its_name():
    rows = made_rows()
    with pytest.raises(CallerError, match=r"flight_delay: monitoring\.slices names 'origin', which is no column"):
        told(made_window(replace(rows, features=rows.features[["distance_mi"]])), slices=["origin"])
    with pytest.raises(CallerError, match=r"'distance_mi', which has 5\d\d different numbers in this window"):
        told(made_window(), slices=["distance_mi"])
    with pytest.raises(SpecError, match=r"monitoring\.slices\[1\] is 'airline', which is no feature of the model"):
        require_slices(spec_with(slices=["origin", "airline"]))


def test_daily_losses_are_by_day_oldest_first_without_days_of_few_rows_or_one_class():
    label = np.tile([0.0, 1.0], 75)
    day = np.repeat(["2013-04-03", "2013-04-01", "2013-04-02"], [60, 80, 10])
    score = np.where(day == "2013-04-03", 0.5, label)
    by_day = daily_losses("brier", label, score, day, then=0.1)
    assert list(by_day) == ["2013-04-01", "2013-04-03"] and list(by_day.values()) == pytest.approx([-0.1, 0.15])
    assert daily_losses("auc", label, score, day, then=0.8) == pytest.approx({"2013-04-01": -0.2, "2013-04-03": 0.3})
    assert list(daily_losses("auc", np.where(day == "2013-04-01", 1.0, label), score, day, then=0.8)) == ["2013-04-03"]
    assert daily_losses("ece", label, score, day, then=0.1) == {}


def test_a_regression_loses_in_its_unit():
    rows = made_rows()
    minutes = replace(rows, label=np.arange(600) % 60.0)
    held_out = HeldOut(minutes.label, minutes.label + 5, rows.day)
    metrics = measure_all("regression", held_out.label, held_out.score, rows.day)
    reference = replace(made_reference(), held_out=held_out, metrics=metrics)
    window = made_window(minutes, minutes.label + 8)
    spec = spec_with("arrival_minutes")
    found = observe_quality(spec, reference, window, labels_known(spec.monitoring, window))
    by = {one.subject: one for one in found}
    assert by["mae"].value == pytest.approx(3) and by["mae"].worth == spec.monitoring.warning_loss
    assert by["rmse"].value == pytest.approx(3) and by["rmse"].worth is None
    assert by["mae"].daily == [pytest.approx(3)] * 30
    assert by["mae"].days == sorted({*rows.day}) and by["mae"].days[0] == "2013-04-01"
