"""What the journal keeps of quality: the window's own, and that of windows looked at again."""

from dataclasses import replace

from pipelines.drift.report import Labels, Revisited
from pipelines.drift.series import Observation
from pipelines.drift.told_quality import quality_of
from tests.pipelines.drift.test_history import report, state

LOSS = Observation("quality", "loss", "auc", 0.01, 0.02, "auc 0.72", 0.0, 0.02, measured=[0.72, 0.7, 0.74])


def test_the_metric_is_told_with_its_interval_and_how_far_its_rows_are_labelled():
    (told,) = quality_of(report(4, LOSS), "auc")
    assert (told["value"], told["low"], told["high"]) == (0.72, 0.7, 0.74)
    assert {"part", "version", "metric", "labelled", "final"} < told.keys()


def test_another_metric_and_slices_are_left_out():
    slices = replace(LOSS, subject="auc[origin=JFK]")
    assert quality_of(report(4, slices, replace(LOSS, subject="brier")), "auc") == []


def test_a_window_that_could_not_be_measured_is_left_out():
    assert quality_of(report(4, replace(LOSS, value=None, measured=[])), "auc") == []


def test_a_metric_without_an_interval_has_none():
    (told,) = quality_of(report(4, replace(LOSS, subject="ece", measured=[0.03])), "ece")
    assert (told["value"], told["low"], told["high"]) == (0.03, None, None)


def test_a_window_that_was_looked_at_again_is_told_after_the_own():
    again = Revisited("2013-03", 1, Labels(100, 40, 0, False), [state(replace(LOSS, measured=[0.6, 0.5, 0.7]))])
    own, earlier = quality_of(report(4, LOSS, revisited=[again]), "auc")
    assert own["value"] == 0.72
    assert (earlier["part"], earlier["value"], earlier["labelled"], earlier["final"]) == ("2013-03", 0.6, 0.4, False)
