from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from pipelines.drift.skew import observe_skew, scoring_model
from pipelines.errors import MissingInput, Unavailable
from pipelines.estimators import Model
from pipelines.registry import Registry
from tests.pipelines.drift.made_windows import made_rows, made_window, spec_with

SPEC = spec_with()
COLUMNS = ["distance_mi", "origin"]


class ByDistance(Model):
    """Scores a flight by its distance; counts the rows that it was asked for."""

    asked: ClassVar[list[int]] = []

    def score(self, features: pd.DataFrame) -> np.ndarray:
        self.asked.append(len(features))
        return (features["distance_mi"].to_numpy() / 5000).astype("float32")


MODEL = ByDistance(None, SimpleNamespace(columns=COLUMNS))


def logged(rows=None):
    rows = made_rows() if rows is None else rows
    return made_window(rows, MODEL.score(rows.features).astype("float64"))


def skew(window, model=MODEL, sample=3000):
    return observe_skew(SPEC, model, window, SPEC.monitoring, sample)[0]


def test_the_same_rows_give_the_same_scores():
    found = skew(logged())
    assert (found.value, found.worth) == (0.0, SPEC.monitoring.skew_rate)


def test_rows_that_were_served_otherwise_are_counted():
    window = logged()
    moved = window.rows.features.assign(distance_mi=lambda f: f["distance_mi"].where(f.index >= 150, 9999.0))
    found = skew(replace(window, rows=replace(window.rows, features=moved)))
    assert found.value == 0.25 and found.low < 0.25 < found.high
    assert "150 of 600 scores come out otherwise now" in found.text


def test_rounding_is_no_skew():
    window = logged()
    assert skew(replace(window, scores=window.scores + 9e-6)).value == 0.0
    assert skew(replace(window, scores=window.scores + 2e-5)).value == 1.0


def test_a_logged_score_that_is_no_number_was_served_otherwise():
    window = logged()
    assert skew(replace(window, scores=np.full(600, np.nan))).value == 1.0


def test_the_sample_is_bounded_even_and_the_same_each_time():
    window = logged()
    later = replace(window, scores=np.where(np.arange(600) >= 300, window.scores + 1, window.scores))
    MODEL.asked.clear()
    assert skew(later, sample=100).value == skew(later, sample=100).value == 0.5
    assert MODEL.asked == [100, 100]


def test_a_version_that_is_gone_is_told():
    found = skew(logged(), model=None)
    assert found.value is None and "is gone from the registry" in found.text


def test_a_column_that_is_gone_is_told():
    window = logged()
    narrow = replace(window, rows=replace(window.rows, features=window.rows.features[["origin"]]))
    assert "reads distance_mi, which the rows have no more" in skew(narrow).text


class Deleted(Registry):
    """A registry that has no such version, or does not answer."""

    def __init__(self, error: Exception) -> None:
        super().__init__("http://127.0.0.1:1")
        self.error = error

    def version(self, model: str, version: int) -> Any:
        raise self.error


def test_a_deleted_version_is_none(store):
    assert scoring_model(store, Deleted(MissingInput("deleted")), "flight_delay", 3) is None


def test_a_registry_that_does_not_answer_is_no_missing_version(store):
    with pytest.raises(Unavailable):
        scoring_model(store, Deleted(Unavailable("MLflow does not answer")), "flight_delay", 3)
